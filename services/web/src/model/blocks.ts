import type { Group, Layer } from '@/client/types'
import { type Doc, NODE_GAP, NODE_HEIGHT, type Point } from './doc'
import { freeName } from './names'

/**
 * Puts layers in the place of blocks. The last of a block's layers has its name, so that what it feeds stays as it is; a group
 * keeps them together. `places` are those of the layers among themselves; what lies below makes room.
 */
export function replaceBlocks(
  doc: Doc,
  made: ReadonlyMap<string, readonly Layer[]>,
  places: (layers: readonly Layer[]) => Readonly<Record<string, Point>>,
): Doc {
  const known = new Set(doc.spec.layers.map(layer => layer.name))
  const blocks = [...made].filter(([name]) => known.has(name))
  const taken = blocks.flatMap(([block, layers]) => layers.filter(one => one.name !== block && known.has(one.name)))
  if (blocks.length === 0 || taken.length > 0) return doc
  return blocks.reduce((now, [name, layers]) => replaced(now, name, layers, places(layers)), doc)
}

function replaced(doc: Doc, name: string, inside: readonly Layer[], places: Readonly<Record<string, Point>>): Doc {
  const names = inside.map(layer => layer.name)
  const layers = doc.spec.layers.flatMap(layer => (layer.name === name ? inside : [layer]))
  const groups = (doc.spec.groups ?? []).map(group => ({
    ...group,
    layers: group.layers.flatMap(one => (one === name ? names : [one])),
  }))
  const own: Group = { name: freeName(name, new Set(groups.map(group => group.name))), layers: names, folded: false }
  return {
    spec: { ...doc.spec, layers, groups: [...groups, own] },
    positions: placed(doc, name, places),
  }
}

/** The block's place becomes the middle of the layers' top. */
function placed(doc: Doc, name: string, places: Readonly<Record<string, Point>>): Doc['positions'] {
  const { [name]: at = { x: 0, y: 0 }, ...others } = doc.positions
  const all = Object.values(places)
  const left = Math.min(...all.map(one => one.x))
  const right = Math.max(...all.map(one => one.x))
  const top = Math.min(...all.map(one => one.y))
  const more = Math.max(...all.map(one => one.y)) - top
  const shift = { x: at.x - (left + right) / 2, y: at.y - top }
  const below = Object.entries(others).map(
    ([one, { x, y }]) => [one, y > at.y + NODE_HEIGHT / 2 ? { x, y: y + more + NODE_GAP } : { x, y }] as const,
  )
  const own = Object.entries(places).map(([one, { x, y }]) => [one, { x: x + shift.x, y: y + shift.y }] as const)
  return { ...Object.fromEntries(below), ...Object.fromEntries(own) }
}
