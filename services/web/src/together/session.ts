import i18next from 'i18next'
import * as decoding from 'lib0/decoding'
import { IndexeddbPersistence } from 'y-indexeddb'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { layoutOf } from '@/canvas/layout/layoutOf'
import type { Doc } from '@/model/doc'
import { dropDraft, readDraft } from '@/store/drafts'
import { currentDoc, isUnsaved, present, setPartner, useEditor } from '@/store/editor'
import { tell } from '@/store/toasts'
import { bringBack, isSeeded, project, rootsOf, type Shared } from './document'
import { follow } from './follow'
import { tokenFor } from './link'
import { showPeople } from './presence'
import { isShared, mayEdit, type Role, useTogether } from './state'
import { write, writePlaces } from './writing'

export type Session = { readonly leave: () => void }

const LOCAL = 'local'
/** What is written on nobody's behalf; undo does not know it. */
const QUIET = 'quiet'
/** The gateway's own message: what changed beside the document. */
const TOLD = 9
/** A message that is too large now is too large the next time. */
const TOO_LARGE = 1009
/** The owner closed the room. */
const CLOSED = 4410

/** Joins a model's room: from its first answer on the canvas shows what everybody sees. */
export function join(model: string, role: Role, key = ''): Session {
  const y = new Y.Doc()
  const editing = mayEdit({ ...useTogether.getState(), role })
  useTogether.setState({ model, role, status: 'joining', code: 0, people: [], talk: 0 })
  const provider = connected(model, key, y)
  const kept = editing ? new IndexeddbPersistence(`visualnn-room-${model}-${key}`, y) : null
  const room = new Room(y, model, editing)
  const begin = () => {
    if (isSeeded(y)) room.begin()
  }
  y.on('update', begin)
  const stopPeople = showPeople(provider.awareness, y.clientID)
  provider.on('status', ({ status }) => {
    if (status !== 'connected' && isShared(useTogether.getState())) useTogether.setState({ status: 'away' })
  })
  provider.on('sync', synced => {
    if (synced) useTogether.setState({ status: 'live' })
  })
  const leave = () => {
    y.off('update', begin)
    room.end()
    stopPeople()
    provider.destroy()
    kept?.destroy()
    y.destroy()
  }
  provider.on('closed', ({ code }) => {
    useTogether.setState({ status: 'ended', code, people: [] })
    if (code === CLOSED) void kept?.clearData() // it is of no room any more; what it showed is on the canvas
    leave()
  })
  provider.connect()
  return { leave }
}

function connected(model: string, key: string, y: Y.Doc): WebsocketProvider {
  const token = tokenFor(model)
  const base = `${location.origin.replace(/^http/, 'ws')}/api/v1/models/${encodeURIComponent(model)}`
  const provider = new WebsocketProvider(base, 'together', y, {
    connect: false,
    disableBc: true,
    params: { room: key },
    maxBackoffTime: 5000,
    shouldReconnect: ({ code }) => code !== TOO_LARGE && !(code >= 4400 && code < 4500),
    protocols: ['visualnn.together', ...(token ? [`share.${token}`] : [])],
  })
  provider.messageHandlers[TOLD] = (_encoder, decoder) => {
    const { talk } = JSON.parse(decoding.readVarString(decoder)) as { talk: number }
    useTogether.setState({ talk })
  }
  return provider
}

/** The document on the canvas: edits go into it, and what others do is shown. */
class Room {
  private shared: Shared
  private readonly undoing: Y.UndoManager
  private begun = false
  private ended = false
  private lastKey: string | null = null
  private stopFollowing = () => {}
  private readonly stopBringing: () => void
  /** Where layers lie that nobody has placed; kept here where one may not write. */
  private laidOut: Doc['positions'] = {}

  constructor(
    private readonly y: Y.Doc,
    private readonly model: string,
    private readonly editing: boolean,
  ) {
    const { layers, places, outputs, groups, about } = rootsOf(y)
    this.undoing = new Y.UndoManager([layers, places, outputs, groups, about], {
      trackedOrigins: new Set([LOCAL]),
      captureTimeout: Number.POSITIVE_INFINITY,
    })
    this.stopBringing = bringBack(y, this.undoing)
    this.shared = project(y)
  }

  begin(): void {
    if (this.begun || this.ended) return
    this.begun = true
    this.bringIn()
      .catch(() => undefined) // this browser keeps no drafts
      .finally(() => this.take())
  }

  end(): void {
    if (this.ended) return
    this.ended = true
    this.stopFollowing()
    this.y.off('afterTransaction', this.onChange)
    this.stopBringing()
    this.undoing.destroy()
    if (this.begun) setPartner(null, null)
  }

  /** Unsaved work that was done alone goes into the room, field by field. */
  private async bringIn(): Promise<void> {
    const draft = await readDraft(this.model)
    if (!this.editing || !draft?.saved || draft.together || this.ended) return
    this.shared = project(this.y)
    const before: Doc = { spec: draft.saved, positions: draft.doc.positions }
    this.y.transact(() => {
      if (isUnsaved({ history: { past: [], present: draft.doc, future: [], key: null }, saved: draft.saved })) {
        write(this.y, this.shared, before, draft.doc)
      }
      this.shared = project(this.y)
      writePlaces(this.y, this.shared, draft.doc.positions)
    }, QUIET)
    await dropDraft(this.model)
  }

  private take(): void {
    if (this.ended) return
    setPartner({ edit: this.edit, undo: () => this.step('undo'), redo: () => this.step('redo') }, this.abilities())
    this.y.on('afterTransaction', this.onChange)
    this.stopFollowing = follow(this.y, this.model, this.replace)
    this.show()
  }

  private readonly edit = (change: (doc: Doc) => Doc, key: string | null): void => {
    if (!this.editing) {
      tell(i18next.t('together:mayLook'))
      return
    }
    const before = currentDoc()
    const after = change(before)
    if (after === before) return
    if (key === null || key !== this.lastKey) this.undoing.stopCapturing()
    this.lastKey = key
    this.y.transact(() => write(this.y, this.shared, before, after), LOCAL)
  }

  /** Another document was opened in place of this one, such as the server's version after a conflict. */
  private readonly replace = (doc: Doc): void => {
    if (!this.editing) return
    this.undoing.stopCapturing()
    this.y.transact(() => write(this.y, this.shared, this.shared.doc, doc), LOCAL)
    this.show()
  }

  private step(way: 'undo' | 'redo'): void {
    if (!this.editing) return
    this.lastKey = null
    this.undoing.stopCapturing()
    this.undoing[way]()
  }

  private readonly onChange = (transaction: Y.Transaction): void => {
    if (transaction.changed.size === 0) return
    const { selection } = useEditor.getState()
    const { keys } = this.shared
    this.show()
    if (!transaction.local) this.tellLost(selection.map(name => [name, keys.get(name)] as const))
  }

  /** What is selected may be under edit: it does not vanish without a word. A new name is no loss. */
  private tellLost(selected: readonly (readonly [string, string | undefined])[]): void {
    const alive = new Set(this.shared.keys.values())
    const lost = selected.filter(([, key]) => key !== undefined && !alive.has(key))
    if (lost.length > 0) tell(i18next.t('together:deletedYours', { count: lost.length, name: lost[0]?.[0] }))
  }

  private show(): void {
    this.shared = project(this.y, this.shared)
    const { doc, keys } = this.shared
    const missing = doc.spec.layers.some(({ name }) => !doc.positions[name] && !this.laidOut[name])
    present(missing || Object.keys(this.laidOut).length > 0 ? this.placed(doc) : doc)
    useTogether.setState({ keys })
    const now = useEditor.getState().shared
    const next = this.abilities()
    if (now?.undo !== next.undo || now?.redo !== next.redo) useEditor.setState({ shared: next })
    if (missing) this.layOut(doc)
  }

  private placed(doc: Doc): Doc {
    return { ...doc, positions: { ...this.laidOut, ...doc.positions } }
  }

  private layOut(doc: Doc): void {
    layoutOf(doc.spec)
      .then(places => {
        if (this.ended) return
        if (this.editing) this.y.transact(() => writePlaces(this.y, this.shared, places), QUIET)
        else {
          this.laidOut = places
          present(this.placed(this.shared.doc))
        }
      })
      .catch(() => undefined) // they lie where they lie
  }

  private abilities() {
    return { undo: this.undoing.canUndo(), redo: this.undoing.canRedo(), readOnly: !this.editing }
  }
}
