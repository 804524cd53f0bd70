import type { Spec } from '@/client/types'
import { leavesOf } from './graph'
import { parseRef } from './refs'

/**
 * The outputs after an edit. A network answers with its last layers: one that gets a consumer stops being an output, a new
 * last layer becomes one. What somebody chose otherwise stays: an output in the middle, a last layer that is none.
 */
export function settledOutputs(before: Spec, after: Spec): string[] {
  const wasLeaf = new Set(leavesOf(before))
  const leaves = leavesOf(after)
  const isLeaf = new Set(leaves)
  const exists = new Set(after.layers.map(layer => layer.name))
  const kept = before.outputs.filter(text => {
    const { layer } = parseRef(text)
    return exists.has(layer) && (isLeaf.has(layer) || !wasLeaf.has(layer))
  })
  const named = new Set(kept.map(text => parseRef(text).layer))
  const added = leaves.filter(name => !named.has(name) && !wasLeaf.has(name))
  return [...kept, ...added]
}
