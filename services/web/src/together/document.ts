import * as Y from 'yjs'
import type { Group, Layer, Spec } from '@/client/types'
import type { Doc, Point } from '@/model/doc'
import { freeName } from '@/model/names'
import { formatRef, parseRef } from '@/model/refs'
import { same } from '@/model/same'

// The shared document, as `together/document.py` of the gateway seeds it: layers and places by keys that never change,
// references as `key` or `key:output`. Nothing in it is trusted to have its form: others wrote it.
//
// A deleted layer stays, with a mark: what others change in it meanwhile is not lost, and is there when the deletion is
// undone. What it fed keeps its reference, which is shown as one to what fed the deleted layer, as deleting does.

export type Shared = {
  readonly doc: Doc
  /** Name -> key of each layer. */
  readonly keys: ReadonlyMap<string, string>
}

export type Base = { readonly number: number; readonly etag: string }

export const rootsOf = (y: Y.Doc) => ({
  layers: y.getMap<unknown>('layers'),
  places: y.getMap<unknown>('places'),
  outputs: y.getArray<unknown>('outputs'),
  groups: y.getMap<unknown>('groups'),
  about: y.getMap<unknown>('about'),
  base: y.getMap<unknown>('base'),
})

const GONE = 'gone '

/** Marks a layer as deleted; each who does so has a mark of his own. */
export const markGone = (layer: Y.Map<unknown>): unknown => layer.set(GONE + crypto.randomUUID().slice(0, 13), true)

export function isGone(layer: Y.Map<unknown>): boolean {
  for (const field of layer.keys()) if (field.startsWith(GONE)) return true
  return false
}

/** Where somebody undoes a deletion, the marks of others who deleted the same layer go too. Gives the way to stop. */
export function bringBack(y: Y.Doc, undoing: Y.UndoManager): () => void {
  const { layers } = rootsOf(y)
  const onChange = (events: Y.YEvent<Y.AbstractType<unknown>>[], { origin }: Y.Transaction) => {
    if (origin !== undoing) return
    for (const { target, changes } of events) {
      const back = [...changes.keys].some(([field, { action }]) => field.startsWith(GONE) && action === 'delete')
      if (!back || !(target instanceof Y.Map)) continue
      for (const field of [...target.keys()]) if (field.startsWith(GONE)) target.delete(field)
    }
  }
  layers.observeDeep(onChange)
  return () => layers.unobserveDeep(onChange)
}

/** Whether the document has come: a room is never without this. */
export const isSeeded = (y: Y.Doc): boolean => rootsOf(y).about.has('visualnn')

/** The version that the room's work began from. */
export function baseOf(y: Y.Doc): Base | null {
  const found = rootsOf(y).base.get('version') as Partial<Base> | undefined
  if (typeof found?.number !== 'number' || typeof found.etag !== 'string') return null
  return { number: found.number, etag: found.etag }
}

/** What the document shows. Whatever is the same as before is the same object, so that little is drawn anew. */
export function project(y: Y.Doc, before: Shared | null = null): Shared {
  const { layers, places, outputs, groups, about } = rootsOf(y)
  const named = namesOf(layers)
  const keys = new Map([...named].map(([key, name]) => [name, key]))
  const old = new Map(before?.doc.spec.layers.map(layer => [layer.name, layer]))
  const found = [...named].map(([key, name]) =>
    kept(old.get(name), layerOf(layers.get(key) as Y.Map<unknown>, name, named, layers)),
  )
  const name = textOf(about.get('name')) || 'untitled'
  const grouped = groupsIn(groups, named)
  const spec: Spec = {
    visualnn: 1,
    name,
    layers: found,
    outputs: [...new Set(shownRefs(outputs.toArray(), named, layers))],
    ...(grouped.length > 0 ? { groups: grouped } : {}),
  }
  const positions: Record<string, Point> = {}
  for (const [key, name] of named) {
    const place = placeOf(places.get(key))
    if (place) positions[name] = kept(before?.doc.positions[name], place)
  }
  return { doc: { spec: kept(before?.doc.spec, spec), positions: kept(before?.doc.positions, positions) }, keys }
}

const kept = <T>(before: T | undefined, now: T): T => (before !== undefined && same(before, now) ? before : now)

/** Key -> name in the order of the layers. Of two with one name, the elder keeps it: everybody sees the same names. */
function namesOf(layers: Y.Map<unknown>): Map<string, string> {
  const entries = [...layers.entries()].filter(
    (entry): entry is [string, Y.Map<unknown>] =>
      entry[1] instanceof Y.Map && textOf(entry[1].get('name')) !== '' && !isGone(entry[1]),
  )
  const taken = new Set<string>()
  const names = new Map<string, string>()
  const doubles: [string, string][] = []
  for (const [key, layer] of entries.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const name = textOf(layer.get('name'))
    if (taken.has(name)) doubles.push([key, name])
    else names.set(key, name)
    taken.add(name)
  }
  for (const [key, name] of doubles) {
    const free = freeName(name, taken)
    names.set(key, free)
    taken.add(free)
  }
  const order = (layer: Y.Map<unknown>) => Number(layer.get('order')) || 0
  const sorted = entries.toSorted(([a, x], [b, z]) => order(x) - order(z) || (a < b ? -1 : 1))
  return new Map(sorted.map(([key]) => [key, names.get(key) ?? key]))
}

function layerOf(
  layer: Y.Map<unknown>,
  name: string,
  names: ReadonlyMap<string, string>,
  layers: Y.Map<unknown>,
): Layer {
  const params = layer.get('params')
  const inputs = layer.get('inputs')
  const shared = names.get(textOf(layer.get('weights_of')))
  const note = textOf(layer.get('note'))
  return {
    name,
    type: textOf(layer.get('type')) || 'Unknown',
    params: params instanceof Y.Map ? params.toJSON() : {},
    inputs: inputs instanceof Y.Array ? shownRefs(inputs.toArray(), names, layers) : [],
    ...(shared ? { weights_of: shared } : {}),
    ...(note ? { note } : {}),
  }
}

/**
 * References by name. One to a deleted layer leads to what fed that, where that was one: as deleting does. It stays in
 * the document as it is, and so do those to layers that are not there at all, in case they come back.
 */
export function shownRefs(
  refs: readonly unknown[],
  names: ReadonlyMap<string, string>,
  layers: Y.Map<unknown>,
): string[] {
  return refs.flatMap(text => {
    const seen = new Set<string>()
    for (let ref = parseRef(textOf(text)); !seen.has(ref.layer); ) {
      const name = names.get(ref.layer)
      if (name !== undefined) return [formatRef(name, ref.output)]
      seen.add(ref.layer)
      const gone = layers.get(ref.layer)
      const inputs = gone instanceof Y.Map ? gone.get('inputs') : undefined
      if (!(inputs instanceof Y.Array) || inputs.length !== 1) return []
      ref = parseRef(textOf(inputs.get(0)))
    }
    return []
  })
}

/** No two groups overlap but one within the other: of two that were made at once, the later keeps the rest. */
export function groupsIn(groups: Y.Map<unknown>, names: ReadonlyMap<string, string>): Group[] {
  const entries = [...groups.entries()].map(([name, value]) => {
    const { layers, folded, order } = (value ?? {}) as { layers?: unknown; folded?: unknown; order?: unknown }
    const known = Array.isArray(layers) ? layers.flatMap(key => names.get(textOf(key)) ?? []) : []
    return { group: { name, layers: [...new Set(known)], folded: folded === true }, order: Number(order) || 0 }
  })
  const found: Group[] = []
  for (const { group } of entries.toSorted((a, b) => a.order - b.order || (a.group.name < b.group.name ? -1 : 1))) {
    const layers = found.reduce((left, other) => apart(left, other.layers), group.layers)
    if (layers.length > 0) found.push({ ...group, layers })
  }
  return found
}

function apart(layers: string[], other: readonly string[]): string[] {
  const there = new Set(other)
  const inside = layers.filter(name => there.has(name)).length
  const nested = inside === 0 || inside === layers.length || inside === there.size
  return nested ? layers : layers.filter(name => !there.has(name))
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

function placeOf(value: unknown): Point | null {
  const { x, y } = (value ?? {}) as Partial<Point>
  return Number.isFinite(x) && Number.isFinite(y) ? { x: Number(x), y: Number(y) } : null
}
