import i18next from 'i18next'
import { create } from 'zustand'
import type { Spec } from '@/client/types'
import { type Doc, emptyDoc } from '@/model/doc'
import { begin, type History, record, redo, undo } from '@/model/history'
import type { Newer } from '@/model/newer'
import { same } from '@/model/same'
import { tell } from './toasts'

/** The stored version that is being edited; null for a model that was never saved. */
export type Origin = { readonly id: string; readonly version: number; readonly etag: string } | null

export type EditorState = {
  readonly history: History<Doc>
  /** The document as it was opened or saved: what differs from it is unsaved. */
  readonly saved: Spec | null
  readonly origin: Origin
  readonly selection: readonly string[]
  /** Grows with each document that is opened: views that fit or lay out once look at it. */
  readonly opened: number
  /** While several people edit: what this one can do. Undo is then theirs (see `together/`), and there is no history here. */
  readonly shared: { readonly undo: boolean; readonly redo: boolean; readonly readOnly: boolean } | null
  /** What a newer VisualNN made: it is looked at and handed on as it came; what is drawn is never saved in its place. */
  readonly newer: Newer | null
}

/** Takes edits over while several people edit. */
export type Partner = {
  readonly edit: (change: (doc: Doc) => Doc, key: string | null) => void
  readonly undo: () => void
  readonly redo: () => void
}
let partner: Partner | null = null

type Opening = { readonly origin?: Origin; readonly saved?: Spec | null; readonly newer?: Newer | null }

const EMPTY: readonly string[] = []

export const useEditor = create<EditorState>(() => ({
  history: begin(emptyDoc('untitled')),
  saved: null,
  origin: null,
  selection: EMPTY,
  opened: 0,
  shared: null,
  newer: null,
}))

export const currentDoc = (): Doc => useEditor.getState().history.present

/** Opens another document; its history begins anew. */
export function openDoc(doc: Doc, { origin = null, saved = null, newer = null }: Opening = {}): void {
  const history = begin(doc)
  useEditor.setState(state => ({ history, origin, saved, newer, selection: EMPTY, opened: state.opened + 1 }))
}

/** One step of undo; edits with the same key in a row are one. */
export function edit(change: (doc: Doc) => Doc, key: string | null = null): void {
  if (partner) {
    partner.edit(change, key)
    return
  }
  useEditor.setState(state => {
    const { present } = state.history
    const next = change(present)
    if (state.newer) return onlyLooks(present, next) ? { history: begin(next), saved: next.spec } : refused(state)
    const history = record(state.history, next, key)
    return history === state.history ? state : { history, selection: existing(history.present, state.selection) }
  })
}

function refused(state: EditorState): EditorState {
  tell(i18next.t('newer:notChanged'))
  return state
}

/** Whether nothing changed but where layers lie and which groups are folded. */
function onlyLooks({ spec: { groups: before, ...was } }: Doc, { spec: { groups: after, ...is } }: Doc): boolean {
  const parts = (groups: Spec['groups']) => groups?.map(({ name, layers }) => ({ name, layers })) ?? []
  return same(was, is) && same(parts(before), parts(after))
}

export function select(names: readonly string[]): void {
  useEditor.setState(state => (sameNames(state.selection, names) ? state : { selection: names }))
}

export function undoEdit(): void {
  partner ? partner.undo() : step(undo)
}

export function redoEdit(): void {
  partner ? partner.redo() : step(redo)
}

/** After a save: this is what the server has. */
export function markSaved(saved: Spec, origin: Origin): void {
  useEditor.setState({ saved, origin })
}

/** From now on edits go to `next`; null: to the history again. */
export function setPartner(next: Partner | null, shared: EditorState['shared']): void {
  partner = next
  useEditor.setState({ shared })
}

/** Shows what several people made: no step of undo. */
export function present(doc: Doc): void {
  useEditor.setState(state =>
    doc === state.history.present ? state : { history: begin(doc), selection: existing(doc, state.selection) },
  )
}

function step(move: (history: History<Doc>) => History<Doc>): void {
  useEditor.setState(state => {
    const history = move(state.history)
    return { history, selection: existing(history.present, state.selection) }
  })
}

function existing(doc: Doc, names: readonly string[]): readonly string[] {
  const known = new Set(doc.spec.layers.map(layer => layer.name))
  return names.every(name => known.has(name)) ? names : names.filter(name => known.has(name))
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index])
}

export const useDoc = (): Doc => useEditor(state => state.history.present)
export const useSpec = (): Spec => useEditor(state => state.history.present.spec)
export const useSelection = (): readonly string[] => useEditor(state => state.selection)

export const useCanUndo = (): boolean => useEditor(({ shared, history }) => shared?.undo ?? history.past.length > 0)
export const useCanRedo = (): boolean => useEditor(({ shared, history }) => shared?.redo ?? history.future.length > 0)
export const useReadOnly = (): boolean =>
  useEditor(({ shared, newer }) => newer !== null || (shared?.readOnly ?? false))

/** Whether there are changes that are in no version. */
export function useUnsaved(): boolean {
  return useEditor(state => isUnsaved(state))
}

export function isUnsaved({ history, saved }: Pick<EditorState, 'history' | 'saved'>): boolean {
  const { spec } = history.present
  if (saved === null) return spec.layers.length > 0
  return spec !== saved && !same(spec, saved)
}
