import * as Y from 'yjs'
import type { Group, Layer, Spec } from '@/client/types'
import type { Doc, Point } from '@/model/doc'
import { freeName } from '@/model/names'
import { formatRef, parseRef } from '@/model/refs'
import { same } from '@/model/same'

// The shared document, as `together/document.py` of the gateway seeds it: layers and places by keys that never change,
// references as `key` or `key:output`. Nothing in it is trusted to have its form: others wrote it.

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
  about: y.getMap<unknown>('about'),
  base: y.getMap<unknown>('base'),
})

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
  const { layers, places, outputs, about } = rootsOf(y)
  const named = namesOf(layers)
  const keys = new Map([...named].map(([key, name]) => [name, key]))
  const old = new Map(before?.doc.spec.layers.map(layer => [layer.name, layer]))
  const found = [...named].map(([key, name]) =>
    kept(old.get(name), layerOf(layers.get(key) as Y.Map<unknown>, name, named)),
  )
  const name = textOf(about.get('name')) || 'untitled'
  const groups = sharedGroups(about.get('groups'), named)
  const plain: Spec = { visualnn: 1, name, layers: found, outputs: refsOf(outputs, named) }
  const spec = groups.length === 0 ? plain : { ...plain, groups }
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
    (entry): entry is [string, Y.Map<unknown>] => entry[1] instanceof Y.Map && textOf(entry[1].get('name')) !== '',
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

function layerOf(layer: Y.Map<unknown>, name: string, names: ReadonlyMap<string, string>): Layer {
  const params = layer.get('params')
  const inputs = layer.get('inputs')
  const shared = names.get(textOf(layer.get('weights_of')))
  const note = textOf(layer.get('note'))
  return {
    name,
    type: textOf(layer.get('type')) || 'Unknown',
    params: params instanceof Y.Map ? params.toJSON() : {},
    inputs: inputs instanceof Y.Array ? refsOf(inputs, names) : [],
    ...(shared ? { weights_of: shared } : {}),
    ...(note ? { note } : {}),
  }
}

/** References to layers that are gone stay in the document, in case they come back, and are not shown. */
function refsOf(refs: Y.Array<unknown>, names: ReadonlyMap<string, string>): string[] {
  return refs.toArray().flatMap(text => {
    const { layer, output } = parseRef(textOf(text))
    const name = names.get(layer)
    return name === undefined ? [] : [formatRef(name, output)]
  })
}

/** Groups with the layers that are there; the whole list is one value, of which the last one written counts. */
function sharedGroups(value: unknown, names: ReadonlyMap<string, string>): Group[] {
  if (!Array.isArray(value)) return []
  return value.flatMap(one => {
    const { name, layers, folded } = (one ?? {}) as Partial<Group>
    const known = Array.isArray(layers) ? layers.flatMap(key => names.get(textOf(key)) ?? []) : []
    return textOf(name) && known.length > 0 ? [{ name: textOf(name), layers: known, folded: folded === true }] : []
  })
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

function placeOf(value: unknown): Point | null {
  const { x, y } = (value ?? {}) as Partial<Point>
  return Number.isFinite(x) && Number.isFinite(y) ? { x: Number(x), y: Number(y) } : null
}
