import type { Group } from '@/client/types'
import { type Doc, NODE_GAP, NODE_HEIGHT, NODE_WIDTH, type Point } from './doc'
import {
  anchorOf,
  type Box,
  GROUP_ID,
  groupNamed,
  groupsOf,
  hiddenBy,
  seenBoxOf,
  shownGroups,
  withGroups,
} from './groups'

// A folded group takes the place of one layer: what lies below moves up as one, as far as there is room, and down again.

/** Folds a group, or unfolds it. */
export function setFolded(doc: Doc, name: string, folded: boolean): Doc {
  const group = groupNamed(doc.spec, name)
  if (!group || Boolean(group.folded) === folded) return doc
  const turned = withGroups(
    doc,
    groupsOf(doc.spec).map(one => (one === group ? { ...one, folded } : one)),
  )
  return folded ? closeGap(turned, group, seenBoxOf(hiddenBy(doc.spec), doc.positions, group)) : reopened(turned, group)
}

/** Unfolds whatever hides a layer. */
export function unfoldAround(doc: Doc, layer: string): Doc {
  return groupsOf(doc.spec)
    .filter(group => group.folded && group.layers.includes(layer))
    .reduce((now, group) => setFolded(now, group.name, false), doc)
}

type Seen = { readonly at: Point; readonly layers: readonly string[] }

/** What is to be seen beside a group: each layer, and each folded group as one. */
function othersThan(doc: Doc, group: Group): Seen[] {
  const hidden = hiddenBy(doc.spec)
  const own = new Set(group.layers)
  const layers = doc.spec.layers.flatMap(({ name }) => {
    const at = doc.positions[name]
    return at && !hidden.has(name) && !own.has(name) ? [{ at, layers: [name] }] : []
  })
  const folded = shownGroups(doc.spec).folded.filter(one => !one.layers.some(name => own.has(name)))
  return [...layers, ...folded.map(one => ({ at: anchorOf(doc.positions, one), layers: one.layers }))]
}

function closeGap(doc: Doc, group: Group, box: Box | null): Doc {
  if (!box || hiddenBy(doc.spec).get(group.layers[0] ?? '')?.name !== group.name) return doc // it is inside another
  const others = othersThan(doc, group)
  const below = others.filter(({ at }) => at.y >= box.bottom)
  const above = [
    anchorOf(doc.positions, group),
    ...others.flatMap(({ at }) => (at.y < box.bottom && at.y + NODE_HEIGHT > box.top ? [at] : [])),
  ]
  const by = Math.min(box.bottom - box.top - NODE_HEIGHT, ...below.map(({ at }) => roomAbove(at, above)))
  if (below.length === 0 || by <= 0) return doc
  const names = below.flatMap(one => one.layers)
  const before = Object.fromEntries(names.flatMap(name => (doc.positions[name] ? [[name, doc.positions[name]]] : [])))
  const after = shifted(before, -by)
  return {
    ...doc,
    positions: { ...doc.positions, ...after },
    closed: { ...doc.closed, [GROUP_ID + group.name]: { before, after } },
  }
}

/** How far a layer may go up before it is closer than usual to one of those that stay. */
function roomAbove(at: Point, stay: readonly Point[]): number {
  const over = stay.filter(one => one.x < at.x + NODE_WIDTH && one.x + NODE_WIDTH > at.x)
  return over.reduce((least, one) => Math.min(least, at.y - one.y - NODE_HEIGHT - NODE_GAP), Number.POSITIVE_INFINITY)
}

const shifted = (places: Doc['positions'], by: number): Doc['positions'] =>
  Object.fromEntries(Object.entries(places).map(([name, { x, y }]) => [name, { x, y: y + by }]))

/** Puts back what folding moved; where something was moved since, what lies below makes room for the group. */
function reopened(doc: Doc, group: Group): Doc {
  const { [GROUP_ID + group.name]: own, ...closed } = doc.closed ?? {}
  if (!own) return roomFor(doc, group)
  const { closed: _, ...rest } = doc
  const now: Doc = Object.keys(closed).length > 0 ? { ...rest, closed } : rest
  const still = Object.entries(own.after).every(([name, { x, y }]) => {
    const at = doc.positions[name]
    return at === undefined || (at.x === x && at.y === y)
  })
  if (!still) return roomFor(now, group)
  const back = Object.fromEntries(Object.entries(own.before).filter(([name]) => doc.positions[name]))
  return roomFor({ ...now, positions: { ...doc.positions, ...back } }, group) // for what came since
}

/** Where layers of an open group would lie under others, all that begins below its top goes down. */
function roomFor(doc: Doc, group: Group): Doc {
  const inside = new Set(group.layers)
  const box = seenBoxOf(hiddenBy(doc.spec), doc.positions, group)
  if (!box) return doc
  const others = Object.entries(doc.positions).filter(([name]) => !inside.has(name))
  const more = box.bottom - box.top - NODE_HEIGHT
  if (more <= 0 || !others.some(([, at]) => overlaps(at, box))) return doc
  const moved = Object.fromEntries(others.filter(([, { y }]) => y > box.top))
  return { ...doc, positions: { ...doc.positions, ...shifted(moved, more) } }
}

const overlaps = ({ x, y }: Point, box: Box) =>
  x < box.right && x + NODE_WIDTH > box.left && y < box.bottom && y + NODE_HEIGHT > box.top
