import { readCatalogue } from '@/api/catalogue'
import { layoutOf } from '@/canvas/layout/layoutOf'
import { showOpened } from '@/canvas/view'
import type { ModelView, Spec } from '@/client/types'
import { type Doc, emptyDoc } from '@/model/doc'
import { type Newer, newerIn } from '@/model/newer'
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

/** A file that holds what is not known here, to be looked at. */
export async function openNewer(spec: Spec, newer: Newer): Promise<void> {
  openDoc(await positioned({ spec, positions: {} }), { saved: spec, newer })
  goTo(HOME)
  showOpened()
}

/** A stored model, with the unsaved work that this browser holds of it; nothing where it is no longer wanted by then. */
export async function openModel(model: ModelView, wanted = () => true): Promise<void> {
  const draft = await readDraft(model.id)
  const { spec, newer } = await understood(model)
  const fresh = await positioned({ spec, positions: draft?.doc.positions ?? {} })
  if (!wanted()) return
  const origin = { id: model.id, version: model.version, etag: model.etag }
  if (newer) openDoc(fresh, { origin, saved: spec, newer })
  else if (draft && draft.origin?.etag === model.etag) openDoc(draft.doc, { origin, saved: draft.saved ?? model.spec })
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
  const { spec, newer } = await understood(model)
  openDoc(await positioned({ spec, positions: currentDoc().positions }), { origin, saved: spec, newer })
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
  openDoc(await positioned(draft.doc), { saved: draft.saved, newer: draft.newer ?? null })
  restoreSelection()
  showOpened()
}

/** What of a stored spec can be drawn; all of it, unless another VisualNN of this server's database is newer. */
async function understood({ spec, name }: ModelView): Promise<{ spec: Spec; newer: Newer | null }> {
  const catalogue = await readCatalogue().catch(() => null) // then nothing can be said against a type
  const knows = (type: string) => catalogue === null || catalogue.byType.has(type)
  return newerIn(new TextEncoder().encode(JSON.stringify(spec)), `${name}.json`, knows) ?? { spec, newer: null }
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
