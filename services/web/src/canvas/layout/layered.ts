import type { Spec } from '@/client/types'
import { NODE_GAP, NODE_HEIGHT, NODE_WIDTH, type Point } from '@/model/doc'
import { edgesOf } from '@/model/graph'

/** Rows by longest path from the inputs, each row in the spec's order: linear time, whatever the size. */
export function layered(spec: Spec): Record<string, Point> {
  const depth = depths(spec)
  const filled = new Map<number, number>()
  const places = spec.layers.map(({ name }) => {
    const row = depth.get(name) ?? 0
    const column = filled.get(row) ?? 0
    filled.set(row, column + 1)
    return [name, { x: column * (NODE_WIDTH + NODE_GAP), y: row * (NODE_HEIGHT + NODE_GAP) }] as const
  })
  return Object.fromEntries(places)
}

/** Kahn's order; what lies in a cycle stays at depth 0. */
function depths(spec: Spec): Map<string, number> {
  const known = new Set(spec.layers.map(layer => layer.name))
  const edges = edgesOf(spec).filter(edge => known.has(edge.source))
  const open = new Map(spec.layers.map(layer => [layer.name, 0]))
  const outgoing = new Map<string, string[]>()
  for (const { source, target } of edges) {
    open.set(target, (open.get(target) ?? 0) + 1)
    const list = outgoing.get(source)
    if (list) list.push(target)
    else outgoing.set(source, [target])
  }
  const depth = new Map(spec.layers.map(layer => [layer.name, 0]))
  const ready = spec.layers.map(layer => layer.name).filter(name => open.get(name) === 0)
  for (let name = ready.pop(); name !== undefined; name = ready.pop()) {
    for (const next of outgoing.get(name) ?? []) {
      depth.set(next, Math.max(depth.get(next) ?? 0, (depth.get(name) ?? 0) + 1))
      const left = (open.get(next) ?? 0) - 1
      open.set(next, left)
      if (left === 0) ready.push(next)
    }
  }
  return depth
}
