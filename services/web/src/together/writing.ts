import * as Y from 'yjs'
import type { Layer, Spec } from '@/client/types'
import type { Doc } from '@/model/doc'
import { formatRef, parseRef } from '@/model/refs'
import { same } from '@/model/same'
import { groupsIn, markGone, rootsOf, type Shared, shownRefs } from './document'

/** Writes what differs between two documents, field by field, so that it merges with what others change meanwhile. */
export function write(y: Y.Doc, shared: Shared, before: Doc, after: Doc): void {
  if (before === after) return
  const roots = rootsOf(y)
  const renamed = renames(before.spec, after.spec)
  const keys = keysAfter(shared, before.spec, after.spec, renamed)
  removeGone(roots, shared, before.spec, keys)
  if (before.spec.layers !== after.spec.layers) writeLayers(roots.layers, before.spec, after.spec, keys, renamed)
  const names = new Map([...keys].map(([name, key]) => [key, name]))
  const outputs = [...new Set(shownRefs(roots.outputs.toArray(), names, roots.layers))]
  if (!same(before.spec.outputs, after.spec.outputs) && !same(outputs, after.spec.outputs)) {
    writeArray(
      roots.outputs,
      after.spec.outputs.map(text => refOf(text, keys)),
    )
  }
  if (!same(before.spec.groups, after.spec.groups) && !same(groupsIn(roots.groups, names), after.spec.groups ?? []))
    writeGroups(roots.groups, before.spec, after.spec, keys)
  if (before.spec.name !== after.spec.name) roots.about.set('name', after.spec.name)
  for (const [name, place] of Object.entries(after.positions)) {
    const key = keys.get(name)
    const old = before.positions[renamed.get(name) ?? name]
    if (key !== undefined && !same(old, place)) roots.places.set(key, { x: place.x, y: place.y })
  }
}

/** Places for layers that have none yet; what somebody chose stays. */
export function writePlaces(y: Y.Doc, shared: Shared, places: Doc['positions']): void {
  const roots = rootsOf(y)
  for (const [name, key] of shared.keys) {
    const place = places[name]
    if (place && !roots.places.has(key)) roots.places.set(key, { x: place.x, y: place.y })
  }
}

/** New name -> old name: a layer at the same index whose old name is gone and whose new name is new. */
function renames(before: Spec, after: Spec): Map<string, string> {
  const found = new Map<string, string>()
  if (before.layers === after.layers || before.layers.length !== after.layers.length) return found
  const was = new Set(before.layers.map(layer => layer.name))
  const is = new Set(after.layers.map(layer => layer.name))
  after.layers.forEach((layer, index) => {
    const old = before.layers[index]
    if (old && old.name !== layer.name && old.type === layer.type && !is.has(old.name) && !was.has(layer.name)) {
      found.set(layer.name, old.name)
    }
  })
  return found
}

/** Name after the edit -> key; new layers get new keys, and so do those that others have deleted meanwhile. */
function keysAfter(
  shared: Shared,
  before: Spec,
  after: Spec,
  renamed: ReadonlyMap<string, string>,
): Map<string, string> {
  if (before.layers === after.layers) return new Map(shared.keys)
  const was = new Set(before.layers.map(layer => layer.name))
  const types = new Map(shared.doc.spec.layers.map(layer => [layer.name, layer.type]))
  const keys = new Map<string, string>()
  for (const { name, type } of after.layers) {
    const old = renamed.get(name) ?? name
    const known = was.has(old) || types.get(old) === type ? shared.keys.get(old) : undefined
    if (known !== undefined) keys.set(name, known)
    else if (!was.has(old)) keys.set(name, newKey())
  }
  return keys
}

/** Later keys are greater, so that of two layers with one name the elder is known. */
const newKey = () => `${Date.now().toString(36).padStart(9, '0')}-${crypto.randomUUID().slice(0, 13)}`

type Roots = ReturnType<typeof rootsOf>

function removeGone(roots: Roots, shared: Shared, before: Spec, keys: ReadonlyMap<string, string>): void {
  const stay = new Set(keys.values())
  for (const { name } of before.layers) {
    const key = shared.keys.get(name)
    if (key === undefined || stay.has(key)) continue
    const layer = roots.layers.get(key)
    if (layer instanceof Y.Map) markGone(layer)
  }
}

function writeLayers(
  layers: Y.Map<unknown>,
  before: Spec,
  after: Spec,
  keys: ReadonlyMap<string, string>,
  renamed: ReadonlyMap<string, string>,
): void {
  const old = new Map(before.layers.map(layer => [layer.name, layer]))
  const names = new Map([...keys].map(([name, key]) => [key, name]))
  const shown = (refs: Y.Array<unknown>) => shownRefs(refs.toArray(), names, layers)
  for (const layer of after.layers) {
    const key = keys.get(layer.name)
    if (key === undefined) continue // others deleted it: it stays deleted
    let target = layers.get(key)
    const fresh = !(target instanceof Y.Map)
    if (fresh) {
      target = new Y.Map<unknown>([
        ['params', new Y.Map()],
        ['inputs', new Y.Array()],
      ] as [string, unknown][])
      layers.set(key, target)
    }
    const was = fresh ? undefined : old.get(renamed.get(layer.name) ?? layer.name)
    if (was !== layer) writeLayer(target as Y.Map<unknown>, was, layer, keys, shown)
  }
  writeOrder(layers, after, keys)
}

function writeLayer(
  target: Y.Map<unknown>,
  was: Layer | undefined,
  layer: Layer,
  keys: ReadonlyMap<string, string>,
  shown: (refs: Y.Array<unknown>) => readonly string[],
): void {
  set(target, 'name', was?.name, layer.name)
  set(target, 'type', was?.type, layer.type)
  const freed = !layer.weights_of && was?.weights_of && !keys.has(was.weights_of) // its layer is deleted: it may come back
  const weights = layer.weights_of ? refOf(layer.weights_of, keys) : undefined
  if (!freed) set(target, 'weights_of', was?.weights_of ?? undefined, weights)
  set(target, 'note', was?.note || undefined, layer.note || undefined)
  const params = paramsOf(target)
  for (const name of new Set([...Object.keys(was?.params ?? {}), ...Object.keys(layer.params ?? {})])) {
    set(params, name, was?.params?.[name], layer.params?.[name])
  }
  if (!was || (!same(was.inputs, layer.inputs) && !same(shown(inputsOf(target)), layer.inputs))) {
    writeArray(
      inputsOf(target),
      layer.inputs.map(text => refOf(text, keys)),
    )
  }
}

/** The parameters, made anew where somebody put something else there. */
function paramsOf(target: Y.Map<unknown>): Y.Map<unknown> {
  const found = target.get('params')
  return found instanceof Y.Map ? found : (target.set('params', new Y.Map<unknown>()) as Y.Map<unknown>)
}

function inputsOf(target: Y.Map<unknown>): Y.Array<unknown> {
  const found = target.get('inputs')
  return found instanceof Y.Array ? found : (target.set('inputs', new Y.Array<unknown>()) as Y.Array<unknown>)
}

/** Writes a field that was changed here; what is there already is not written again. */
function set(target: Y.Map<unknown>, field: string, was: unknown, now: unknown): void {
  if (same(was, now) && was !== undefined) return
  if (now === undefined) {
    if (target.has(field)) target.delete(field)
  } else if (!same(target.get(field), now)) target.set(field, now)
}

/** Changes the middle of a list only, so that what others add at the same time stays. */
function writeArray(target: Y.Array<unknown>, wanted: readonly string[]): void {
  const there = target.toArray()
  let start = 0
  while (start < there.length && start < wanted.length && there[start] === wanted[start]) start += 1
  let end = 0
  while (end < Math.min(there.length, wanted.length) - start && there.at(-1 - end) === wanted.at(-1 - end)) end += 1
  if (there.length - start - end > 0) target.delete(start, there.length - start - end)
  const added = wanted.slice(start, wanted.length - end)
  if (added.length > 0) target.insert(start, [...added])
}

/** Groups by name, each written as a whole, where it changed. */
function writeGroups(groups: Y.Map<unknown>, before: Spec, after: Spec, keys: ReadonlyMap<string, string>): void {
  const old = new Map(before.groups?.map(group => [group.name, group]))
  const now = new Set(after.groups?.map(group => group.name))
  for (const name of old.keys()) if (!now.has(name)) groups.delete(name)
  after.groups?.forEach((group, order) => {
    if (same(old.get(group.name), group)) return
    const value = { layers: group.layers.map(name => keys.get(name) ?? name), folded: Boolean(group.folded), order }
    if (!same(groups.get(group.name), value)) groups.set(group.name, value)
  })
}

/** Layers keep their numbers; new ones get some in between. */
function writeOrder(layers: Y.Map<unknown>, after: Spec, keys: ReadonlyMap<string, string>): void {
  const targets = after.layers.flatMap(layer => {
    const found = layers.get(keys.get(layer.name) ?? '')
    return found instanceof Y.Map ? [found] : []
  })
  const orders = targets.map(target =>
    typeof target.get('order') === 'number' ? (target.get('order') as number) : null,
  )
  const known = orders.filter(order => order !== null)
  if (known.some((order, index) => index > 0 && order <= (known[index - 1] ?? 0))) {
    targets.forEach((target, index) => {
      if (orders[index] !== index) target.set('order', index)
    })
    return
  }
  let last = -1
  targets.forEach((target, index) => {
    const own = orders[index]
    if (own !== null && own !== undefined) {
      last = own
      return
    }
    const next = orders.slice(index).find(order => order !== null)
    last = next === undefined || next === null ? Math.floor(last) + 1 : (last + next) / 2
    target.set('order', last)
  })
}

function refOf(text: string, keys: ReadonlyMap<string, string>): string {
  const { layer, output } = parseRef(text)
  return formatRef(keys.get(layer) ?? layer, output)
}
