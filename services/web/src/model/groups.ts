import type { Group, Layer, Spec } from '@/client/types'
import { type Doc, NODE_GAP, NODE_HEIGHT, NODE_WIDTH, type Point } from './doc'
import { freeName } from './names'
import { parseRef } from './refs'

// Groups are for the eye: layers that are seen as one part. One whose layers are all in another lies within it.

const EMPTY: readonly Group[] = []

export const groupsOf = (spec: Spec): readonly Group[] => spec.groups ?? EMPTY

export function groupNamed(spec: Spec, name: string): Group | undefined {
  return groupsOf(spec).find(group => group.name === name)
}

export function withGroups(doc: Doc, groups: readonly Group[]): Doc {
  const { groups: _, ...spec } = doc.spec
  return { ...doc, spec: groups.length === 0 ? spec : { ...spec, groups: [...groups] } }
}

/** Makes a group of layers. Groups that they are only a part of keep the rest: no two groups overlap. */
export function groupLayers(doc: Doc, names: readonly string[]): { doc: Doc; name: string } {
  const known = new Set(doc.spec.layers.map(layer => layer.name))
  const chosen = new Set(names.filter(one => known.has(one)))
  const name = freeName('group', new Set(groupsOf(doc.spec).map(group => group.name)))
  if (chosen.size === 0) return { doc, name }
  const others = groupsOf(doc.spec).flatMap(group => {
    const inside = group.layers.filter(one => chosen.has(one)).length
    const nested = inside === 0 || inside === group.layers.length || inside === chosen.size
    return nested ? [group] : without(group, chosen)
  })
  return { doc: withGroups(doc, [...others, { name, layers: [...chosen], folded: false }]), name }
}

function without(group: Group, gone: ReadonlySet<string>): Group[] {
  const layers = group.layers.filter(name => !gone.has(name))
  return layers.length === 0 ? [] : [layers.length === group.layers.length ? group : { ...group, layers }]
}

/** Takes the group away; its layers stay. */
export function ungroup(doc: Doc, name: string): Doc {
  return withGroups(
    doc,
    groupsOf(doc.spec).filter(group => group.name !== name),
  )
}

export function renameGroup(doc: Doc, from: string, to: string): Doc {
  if (to.trim() === '' || from === to || groupNamed(doc.spec, to)) return doc
  return withGroups(
    doc,
    groupsOf(doc.spec).map(group => (group.name === from ? { ...group, name: to } : group)),
  )
}

export type Box = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }

/** What the layers cover; null where none has a place. */
export function boxOf(positions: Doc['positions'], names: readonly string[]): Box | null {
  let [left, top] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  let [right, bottom] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const name of names) {
    const at = positions[name]
    if (!at) continue
    left = Math.min(left, at.x)
    top = Math.min(top, at.y)
    right = Math.max(right, at.x + NODE_WIDTH)
    bottom = Math.max(bottom, at.y + NODE_HEIGHT)
  }
  return left < right ? { left, top, right, bottom } : null
}

/** What is seen of a group's layers covers this: a folded group among them is one node. */
export function seenBoxOf(hidden: ReadonlyMap<string, Group>, positions: Doc['positions'], group: Group): Box | null {
  const folded = new Set(group.layers.flatMap(name => hidden.get(name) ?? []))
  const nodes = [...folded].map(one => [GROUP_ID + one.name, anchorOf(positions, one)] as const)
  const names = [...nodes.map(([id]) => id), ...group.layers.filter(name => !hidden.has(name))]
  return boxOf(nodes.length > 0 ? { ...positions, ...Object.fromEntries(nodes) } : positions, names)
}

/** Where a folded group lies: the middle of its layers' top. */
export function anchorOf(positions: Doc['positions'], group: Group): Point {
  const box = boxOf(positions, group.layers)
  return box ? { x: (box.left + box.right - NODE_WIDTH) / 2, y: box.top } : { x: 0, y: 0 }
}

/** After an edit of layers: names that are gone leave their groups, and a group of none goes. */
export function prunedGroups(spec: Spec): Spec {
  if (groupsOf(spec).length === 0) return spec
  const known = new Set(spec.layers.map(layer => layer.name))
  const gone = new Set(groupsOf(spec).flatMap(group => group.layers.filter(name => !known.has(name))))
  if (gone.size === 0) return spec
  const kept = groupsOf(spec).flatMap(group => without(group, gone))
  const { groups: _, ...rest } = spec
  return kept.length === 0 ? rest : { ...rest, groups: kept }
}

export function renamedInGroups(spec: Spec, from: string, to: string): Spec {
  if (groupsOf(spec).length === 0) return spec
  const groups = groupsOf(spec).map(group =>
    group.layers.includes(from) ? { ...group, layers: group.layers.map(name => (name === from ? to : name)) } : group,
  )
  return { ...spec, groups }
}

const NOTHING_HIDDEN: ReadonlyMap<string, Group> = new Map()

/** Layer -> the outermost folded group that hides it. */
export function hiddenBy(spec: Spec): ReadonlyMap<string, Group> {
  const folded = groupsOf(spec).filter(group => group.folded)
  if (folded.length === 0) return NOTHING_HIDDEN
  const found = new Map<string, Group>()
  for (const group of [...folded].sort((a, b) => a.layers.length - b.layers.length)) {
    for (const name of group.layers) found.set(name, group) // the larger ones come last and win
  }
  return found
}

/** The groups to be drawn as one node, and those to be drawn as a frame, outer ones first. */
export function shownGroups(spec: Spec): { folded: Group[]; frames: Group[] } {
  const hidden = hiddenBy(spec)
  const folded = [...new Set(hidden.values())]
  const frames = groupsOf(spec)
    .filter(group => !group.folded && group.layers.every(name => !hidden.has(name) || inside(hidden.get(name), group)))
    .sort((a, b) => b.layers.length - a.layers.length)
  return { folded, frames }
}

const inside = (inner: Group | undefined, outer: Group) =>
  inner !== undefined && inner.layers.length < outer.layers.length

/** The group that holds just these layers. */
export function groupOfSelection(spec: Spec, names: readonly string[]): Group | undefined {
  const chosen = new Set(names)
  return groupsOf(spec).find(group => group.layers.length === chosen.size && group.layers.every(one => chosen.has(one)))
}

/** A folded group as a layer for laying out; no layer's name begins so. */
export const GROUP_ID = '\u0001'

/** The network as it is seen: each folded group is one layer that is fed by what feeds its layers. */
export function foldedSpec(spec: Spec): Spec {
  const hidden = hiddenBy(spec)
  if (hidden.size === 0) return spec
  const seen = (name: string) => {
    const group = hidden.get(name)
    return group ? GROUP_ID + group.name : name
  }
  const layers: Layer[] = []
  const groups = new Map<string, Set<string>>()
  for (const layer of spec.layers) {
    const id = seen(layer.name)
    const inputs = layer.inputs.map(text => seen(parseRef(text).layer)).filter(one => one !== id)
    const known = groups.get(id)
    if (known) for (const one of inputs) known.add(one)
    else if (id === layer.name) layers.push({ ...layer, inputs })
    else {
      groups.set(id, new Set(inputs))
      layers.push({ name: id, type: '', inputs: [] })
    }
  }
  return { ...spec, layers: layers.map(one => ({ ...one, inputs: [...(groups.get(one.name) ?? one.inputs)] })) }
}

/** Places of a laid out `foldedSpec` as places of all layers: those of a folded group keep theirs among each other. */
export function unfoldedPlaces(doc: Doc, places: Readonly<Record<string, Point>>): Record<string, Point> {
  const found: Record<string, Point> = {}
  for (const [name, at] of Object.entries(places)) if (!name.startsWith(GROUP_ID)) found[name] = at
  for (const group of shownGroups(doc.spec).folded) {
    const at = places[GROUP_ID + group.name]
    if (at) Object.assign(found, movedGroup(doc, group, at))
  }
  return found
}

/** The places of a group's layers when its node lies at `at`. */
export function movedGroup({ positions }: Doc, group: Group, at: Point): Record<string, Point> {
  const from = anchorOf(positions, group)
  return Object.fromEntries(
    group.layers.map((name, index) => {
      const own = positions[name] ?? { x: from.x, y: from.y + index * (NODE_HEIGHT + NODE_GAP) }
      return [name, { x: own.x + at.x - from.x, y: own.y + at.y - from.y }]
    }),
  )
}

/** The layers of a group whose outputs leave it, or are nobody's. */
export function exitsOf(spec: Spec, names: readonly string[]): string[] {
  const chosen = new Set(names)
  const within = new Set<string>()
  const leaving = new Set<string>()
  for (const layer of spec.layers) {
    for (const text of layer.inputs) (chosen.has(layer.name) ? within : leaving).add(parseRef(text).layer)
  }
  return names.filter(name => leaving.has(name) || !within.has(name))
}
