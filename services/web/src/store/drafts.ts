import { createStore, del, get, promisifyRequest } from 'idb-keyval'
import type { Spec } from '@/client/types'
import type { Doc } from '@/model/doc'
import type { Newer } from '@/model/newer'
import { type EditorState, isUnsaved, type Origin, useEditor } from './editor'

/** Unsaved work, and where layers lie, in this browser; it survives a reload and a lost server. */
export type Draft = {
  readonly format: 1
  readonly doc: Doc
  readonly saved: Spec | null
  readonly origin: Origin
  readonly together?: true
  readonly newer?: Newer
}

const WAIT_MS = 200
const NEW = 'new'

let database: ReturnType<typeof createStore> | undefined
const drafts = () => {
  database ??= createStore('visualnn', 'drafts')
  return database
}

export const draftKey = (origin: Origin): string => origin?.id ?? NEW

export async function readDraft(key: string): Promise<Draft | null> {
  const found: unknown = await get(key, drafts())
  return isDraft(found) ? found : null
}

/** Committed at once: a page that is left lives no longer than that. */
function put(key: string, draft: Draft): Promise<void> {
  return drafts()('readwrite', store => {
    store.put(draft, key)
    store.transaction.commit()
    return promisifyRequest(store.transaction)
  })
}

export async function dropDraft(key: string): Promise<void> {
  await del(key, drafts())
}

function isDraft(value: unknown): value is Draft {
  const one = value as Partial<Draft> | undefined
  return one?.format === 1 && Array.isArray(one.doc?.spec?.layers) && typeof one.doc.positions === 'object'
}

/** Keeps the draft up to date from now on; `failed` is called when the browser refuses. Gives the way to stop. */
export function keepDrafts(failed: (error: unknown) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const write = (state = useEditor.getState()) => {
    clearTimeout(timer)
    timer = undefined
    const { saved, origin, newer } = state
    const together = state.shared ? { together: true as const } : {}
    const draft: Draft = {
      format: 1,
      doc: state.history.present,
      saved,
      origin,
      ...together,
      ...(newer ? { newer } : {}),
    }
    put(draftKey(state.origin), draft).catch(failed)
  }
  const flush = () => {
    if (timer !== undefined) write()
  }
  if (isNew(useEditor.getState())) write() // opened on another page, or before this was called
  const stop = useEditor.subscribe((state, before) => {
    if (state.opened !== before.opened && timer !== undefined) write(before)
    if (state.opened !== before.opened && !isNew(state, before)) return
    if (state.history.present === before.history.present && state.origin === before.origin) return
    clearTimeout(timer)
    timer = setTimeout(() => write(), WAIT_MS)
  })
  window.addEventListener('pagehide', flush)
  document.addEventListener('visibilitychange', flush)
  return () => {
    flush()
    stop()
    window.removeEventListener('pagehide', flush)
    document.removeEventListener('visibilitychange', flush)
  }
}

/** Whether a network that is stored nowhere was opened, such as one of the zoo: it must survive a reload before any edit. */
function isNew({ opened, origin, history }: EditorState, before?: EditorState): boolean {
  if (opened === 0 || origin !== null) return false
  return history.present.spec.layers.length > 0 || before?.origin === null // an empty one replaces what it was told to
}

/** Asks before the page is left while a draft could not be written. */
export const hasUnsaved = (): boolean => isUnsaved(useEditor.getState())
