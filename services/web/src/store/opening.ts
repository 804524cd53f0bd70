import { layoutOf } from '@/canvas/layout/layoutOf'
import { showOpened } from '@/canvas/view'
import type { ModelView, Spec } from '@/client/types'
import { type Doc, emptyDoc } from '@/model/doc'
import { goTo, HOME, modelPath, selectedInAddress } from '@/pages/location'
import { readDraft } from './drafts'
import { currentDoc, openDoc, select, useEditor } from './editor'

/** A new, empty network. */
export function openNew(): void {
  openDoc(emptyDoc('untitled'))
  goTo(HOME)
}

/** A network that is not stored: from the zoo, a file, a text. */
export async function openSpec(spec: Spec): Promise<void> {
  openDoc(await positioned({ spec, positions: {} }), { saved: spec })
  goTo(HOME)
  showOpened()
}

/** A stored model, with the unsaved work that this browser holds of it; nothing where it is no longer wanted by then. */
export async function openModel(model: ModelView, wanted = () => true): Promise<void> {
  const draft = await readDraft(model.id)
  const fresh = await positioned({ spec: model.spec, positions: draft?.doc.positions ?? {} })
  if (!wanted()) return
  const origin = { id: model.id, version: model.version, etag: model.etag }
  if (draft && draft.origin?.etag === model.etag) openDoc(draft.doc, { origin, saved: draft.saved ?? model.spec })
  else if (draft && JSON.stringify(draft.doc.spec) !== JSON.stringify(draft.saved)) {
    openDoc(draft.doc, { origin: draft.origin, saved: draft.saved }) // a save will meet the newer version and ask
  } else {
    openDoc(fresh, { origin, saved: model.spec })
  }
  goTo(modelPath(model.id))
  restoreSelection()
  showOpened()
}

/** Of a stored model, the version on the server; unsaved work is given up. */
export async function openTheirs(model: ModelView): Promise<void> {
  const origin = { id: model.id, version: model.version, etag: model.etag }
  const doc = { spec: model.spec, positions: currentDoc().positions }
  openDoc(await positioned(doc), { origin, saved: model.spec })
  showOpened()
}

/** What was on the canvas when this browser last saw it, or an empty one. */
export async function resume(wanted = () => true): Promise<void> {
  const draft = await readDraft('new')
  if (!wanted()) return
  if (!draft) {
    // the canvas stays where it is: by now a first layer may have been dropped on it
    if (useEditor.getState().origin !== null) openDoc(emptyDoc('untitled'))
    return
  }
  openDoc(await positioned(draft.doc), { saved: draft.saved })
  restoreSelection()
  showOpened()
}

function restoreSelection(): void {
  const known = new Set(currentDoc().spec.layers.map(layer => layer.name))
  select(selectedInAddress().filter(name => known.has(name)))
}

/** The document with a place for every layer; those that have one keep it unless most have none. */
async function positioned(doc: Doc): Promise<Doc> {
  const missing = doc.spec.layers.filter(layer => !doc.positions[layer.name])
  if (missing.length === 0) return doc
  const places = await layoutOf(doc.spec)
  return { ...doc, positions: { ...places, ...(missing.length * 2 > doc.spec.layers.length ? {} : doc.positions) } }
}
