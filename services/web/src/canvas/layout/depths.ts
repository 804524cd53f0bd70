import type { Spec } from '@/client/types'
import { edgesOf } from '@/model/graph'

/** The longest path from the inputs to each layer, by Kahn's order; what lies in a cycle stays at depth 0. */
export function depthsOf(spec: Spec): Map<string, number> {
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
