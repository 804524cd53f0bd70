import i18next from 'i18next'
import { unfoldBlock } from '@/api/blocks'
import type { Group, Layer, LayerType } from '@/client/types'
import { replaceBlocks } from '@/model/blocks'
import { type Doc, NODE_HEIGHT, NODE_WIDTH, type Point } from '@/model/doc'
import { addLayer, appendLayer, moveTo, removeLayers } from '@/model/edit'
import { setFolded, unfoldAround } from '@/model/folding'
import { type Fragment, fragmentOf, pasteFragment } from '@/model/fragment'
import { exitsOf, foldedSpec, groupLayers, groupNamed, groupOfSelection, unfoldedPlaces, ungroup } from '@/model/groups'
import { currentDoc, edit, select, useEditor } from '@/store/editor'
import { tell, tellFailure } from '@/store/toasts'
import { closeInside, toggleInside } from './blocks'
import { layoutOf } from './layout/layoutOf'
import { quickLayout } from './layout/quick'
import { bringIntoView, bringToTop, catchFocus, showAll } from './view'

// What buttons, keys and drops do to the canvas.

const OFFSET: Point = { x: 32, y: 32 }

/** Adds a layer after the selected ones, or after the last. */
export function append(type: LayerType): void {
  const doc = currentDoc()
  const { selection } = useEditor.getState()
  const made = appendLayer(
    doc,
    type,
    groupOfSelection(doc.spec, selection)?.folded ? exitsOf(doc.spec, selection) : selection,
  )
  edit(() => made.doc)
  select([made.name])
  bringIntoView(made.doc.positions[made.name])
}

/** Adds a layer with its middle at a place of the canvas. */
export function drop(type: LayerType, at: Point): void {
  const made = addLayer(currentDoc(), type, { x: at.x - NODE_WIDTH / 2, y: at.y - NODE_HEIGHT / 2 })
  edit(() => made.doc)
  select([made.name])
}

export function removeSelected(): void {
  const { selection } = useEditor.getState()
  if (selection.length === 0) return
  edit(doc => removeLayers(doc, selection))
  catchFocus()
}

export function selectAll(): void {
  select(currentDoc().spec.layers.map(layer => layer.name))
}

export function selectedFragment(): Fragment {
  return fragmentOf(currentDoc(), useEditor.getState().selection)
}

export function paste(fragment: Fragment): void {
  insert(fragment, false)
}

export function duplicateSelected(): void {
  const fragment = selectedFragment()
  if (fragment.layers.length > 0) insert(fragment, true)
}

function insert(fragment: Fragment, keepInputs: boolean): void {
  const made = pasteFragment(currentDoc(), fragment, OFFSET, keepInputs)
  edit(() => placed(made.doc))
  select(made.names)
}

/** Layers that came without a place get one in a column. */
function placed(doc: Doc): Doc {
  const missing = doc.spec.layers.filter(layer => !doc.positions[layer.name])
  return moveTo(doc, Object.fromEntries(missing.map(({ name }, index) => [name, { x: 0, y: index * 108 }])))
}

/** Makes a group of the selected layers. */
export function groupSelected(): void {
  const { selection } = useEditor.getState()
  if (selection.length > 0) edit(doc => groupLayers(doc, selection).doc)
}

/** The group that is selected as a whole. */
export function selectedGroup(): Group | undefined {
  return groupOfSelection(currentDoc().spec, useEditor.getState().selection)
}

export function ungroupSelected(): void {
  const group = selectedGroup()
  if (group) edit(doc => ungroup(doc, group.name))
}

/** Folds a group or unfolds it, and keeps it selected. */
export function toggleFold(name?: string): void {
  const group = name === undefined ? selectedGroup() : groupNamed(currentDoc().spec, name)
  if (!group) return
  edit(doc => setFolded(doc, group.name, !group.folded))
  select(group.layers)
}

/** Shows what is inside of a block, or hides it again. */
export function lookInside(name: string): void {
  if (toggleInside(name)) bringToTop(currentDoc().positions[name])
}

/** Puts a block's layers in its place: one step that can be undone. Blocks that share its weights go along. */
export async function unfoldForGood(name: string): Promise<void> {
  try {
    const made = await unfoldBlock(currentDoc().spec, name)
    const before = currentDoc()
    edit(doc => replaceBlocks(doc, made, placesAmong))
    if (currentDoc() === before) return tell(i18next.t('canvas:unfoldFailed'))
    closeInside(made.keys())
    select([...made.values()].flatMap(layers => layers.map(layer => layer.name)))
    showAll()
  } catch (error) {
    tellFailure(i18next.t('canvas:unfoldFailed'), error)
  }
}

/** Places of some layers of a network, as if they were all. */
function placesAmong(layers: readonly Layer[]): Record<string, Point> {
  return quickLayout({ visualnn: 1, name: '', layers: [...layers], outputs: [] })
}

/** Selects a layer and shows it. */
export function jumpTo(name: string): void {
  edit(doc => unfoldAround(doc, name))
  select([name])
  bringIntoView(currentDoc().positions[name])
}

/** Lays everything out anew: one step that can be undone. */
export async function layOut(): Promise<void> {
  const doc = currentDoc()
  try {
    const positions = await layoutOf(foldedSpec(doc.spec))
    edit(now => (now.spec === doc.spec ? moveTo(now, unfoldedPlaces(doc, positions)) : now))
    showAll()
  } catch (error) {
    tellFailure(i18next.t('canvas:layoutFailed'), error)
  }
}
