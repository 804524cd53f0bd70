import type { Diff, Layer, Spec } from '@/client/types'
import { type Edge, edgesOf } from './graph'

/** Of two versions of a network: what is in the second only, in the first only, in both and different, and the rest. */
export type Fate = 'added' | 'removed' | 'changed' | 'same'
export type UnionEdge = Edge & { readonly fate: Exclude<Fate, 'changed'> }

/** Two versions in one picture, in the names of the second. */
export type Union = {
  readonly layers: readonly Layer[]
  readonly fates: ReadonlyMap<string, Fate>
  readonly edges: readonly UnionEdge[]
  /** To be laid out: as the second version, with what was removed where it hung, and never a circle. */
  readonly spec: Spec
}

export function unionOf(before: Spec, after: Spec, diff: Diff): Union {
  const renamed = new Map(diff.changed.flatMap(one => (one.before_name ? [[one.before_name, one.name]] : [])))
  const now = (name: string) => renamed.get(name) ?? name
  const fates = new Map<string, Fate>(after.layers.map(layer => [layer.name, 'same']))
  for (const { name } of diff.removed) fates.set(name, 'removed')
  for (const { name } of diff.changed) fates.set(name, 'changed')
  for (const { name } of diff.added) fates.set(name, 'added')
  const layers = mergedLayers(before, after, name => fates.get(name) === 'removed', now)
  const old = edgesOf(before).map(edge => ({ ...edge, source: now(edge.source), target: now(edge.target) }))
  const edges = mergedEdges(old, edgesOf(after))
  return { layers, fates, edges, spec: laidOut(after, layers, edges) }
}

/** The second version's layers in its order; each removed one after what stood before it in the first. */
function mergedLayers(before: Spec, after: Spec, isGone: (name: string) => boolean, now: (name: string) => string) {
  const behind = new Map<string | null, Layer[]>()
  let last: string | null = null
  for (const layer of before.layers) {
    if (isGone(layer.name)) behind.set(last, [...(behind.get(last) ?? []), layer])
    else last = now(layer.name)
  }
  return [...(behind.get(null) ?? []), ...after.layers.flatMap(layer => [layer, ...(behind.get(layer.name) ?? [])])]
}

const keyOf = ({ source, output, target }: Edge) => JSON.stringify([source, output, target])

/** An edge is the same when it leads from the same output to the same layer, at whatever place among its inputs. */
function mergedEdges(old: readonly Edge[], now: readonly Edge[]): UnionEdge[] {
  const [was, is] = [byKey(old), byKey(now)]
  const kept = [...is].map(([key, edge]) => ({ ...edge, fate: was.has(key) ? 'same' : 'added' }) as const)
  const gone = [...was].filter(([key]) => !is.has(key)).map(([, edge]) => ({ ...edge, fate: 'removed' }) as const)
  return [...kept, ...gone]
}

const byKey = (edges: readonly Edge[]) => new Map(edges.map(edge => [keyOf(edge), edge]))

function laidOut(after: Spec, layers: readonly Layer[], edges: readonly UnionEdge[]): Spec {
  const inputs = new Map(layers.map(layer => [layer.name, [] as string[]]))
  for (const { source, target, fate } of edges) {
    if (!inputs.has(source) || (fate === 'removed' && feeds(inputs, target, source))) continue
    inputs.get(target)?.push(source)
  }
  return {
    visualnn: 1,
    name: after.name,
    layers: layers.map(({ name, type }) => ({ name, type, inputs: inputs.get(name) ?? [] })),
    outputs: [],
  }
}

/** Whether a layer feeds another, directly or not. */
function feeds(inputs: ReadonlyMap<string, readonly string[]>, from: string, to: string): boolean {
  const seen = new Set([to])
  const waiting = [to]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (name === from) return true
    for (const next of inputs.get(name) ?? []) {
      if (seen.has(next)) continue
      seen.add(next)
      waiting.push(next)
    }
  }
  return false
}
