import type { Layer, LayerType, Spec } from '@/client/types'
import { formatRef, parseRef } from './refs'

export type Edge = { readonly source: string; readonly output: number; readonly target: string; readonly input: number }

export function edgesOf(spec: Spec): Edge[] {
  return spec.layers.flatMap(layer =>
    layer.inputs.map((text, input) => {
      const ref = parseRef(text)
      return { source: ref.layer, output: ref.output, target: layer.name, input }
    }),
  )
}

/** Layer -> the layers that take its outputs. */
export function consumersOf(spec: Spec): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const edge of edgesOf(spec)) {
    const list = found.get(edge.source)
    if (list) list.push(edge.target)
    else found.set(edge.source, [edge.target])
  }
  return found
}

/** The layers whose outputs nobody takes, in the spec's order. */
export function leavesOf(spec: Spec): string[] {
  const consumers = consumersOf(spec)
  return spec.layers.filter(layer => !consumers.has(layer.name)).map(layer => layer.name)
}

/** `start` and everything that is fed by it, directly or not. */
export function downstreamOf(spec: Spec, start: Iterable<string>): Set<string> {
  const consumers = consumersOf(spec)
  const reached = new Set<string>(start)
  const waiting = [...reached]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    for (const next of consumers.get(name) ?? []) {
      if (!reached.has(next)) {
        reached.add(next)
        waiting.push(next)
      }
    }
  }
  return reached
}

/** Layer -> the layers that feed it, directly or not, and itself. */
export function upstreamOf(spec: Spec, start: string): Set<string> {
  const layers = new Map(spec.layers.map(layer => [layer.name, layer]))
  const reached = new Set([start])
  const waiting = [start]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    for (const text of layers.get(name)?.inputs ?? []) {
      const next = parseRef(text).layer
      if (!reached.has(next)) {
        reached.add(next)
        waiting.push(next)
      }
    }
  }
  return reached
}

type Catalogue = ReadonlyMap<string, LayerType>

/** Whether `layer` takes one more input; a layer with a single input takes another in its place. */
export function takesInput(layer: Layer, catalogue: Catalogue): boolean {
  const ports = catalogue.get(layer.type)?.ports
  if (!ports) return true
  return ports.most === null || ports.most === 1 || layer.inputs.length < ports.most
}

/** The layers that an edge from `source` may lead to: no cycle, a free input, not there already. */
export function validTargets(spec: Spec, source: string, output: number, catalogue: Catalogue): Set<string> {
  const before = upstreamOf(spec, source)
  const ref = formatRef(source, output)
  const fits = spec.layers.filter(
    layer =>
      !before.has(layer.name) &&
      takesInput(layer, catalogue) &&
      !(isSingle(layer, catalogue) && layer.inputs[0] === ref),
  )
  return new Set(fits.map(layer => layer.name))
}

/** The layers whose first output may feed `target`. */
export function validSources(spec: Spec, target: string): string[] {
  const after = downstreamOf(spec, [target])
  return spec.layers.map(layer => layer.name).filter(name => !after.has(name))
}

export function isSingle(layer: Layer, catalogue: Catalogue): boolean {
  return catalogue.get(layer.type)?.ports.most === 1
}

/** What remains without `bad` layers and all that depends on them: it may have shapes when the whole has none. */
export function healthyPart(spec: Spec, bad: Iterable<string>): Spec | null {
  const lost = downstreamOf(spec, bad)
  const known = new Set(spec.layers.map(layer => layer.name))
  const dangling = spec.layers.filter(layer => layer.inputs.some(text => !known.has(parseRef(text).layer)))
  for (const name of downstreamOf(
    spec,
    dangling.map(layer => layer.name),
  ))
    lost.add(name)
  const layers = spec.layers.filter(layer => !lost.has(layer.name))
  if (layers.length === 0 || layers.length === spec.layers.length) return null
  const kept = layers.map(layer =>
    layer.weights_of && lost.has(layer.weights_of) ? { ...layer, weights_of: null } : layer,
  )
  const part: Spec = { ...spec, layers: kept, outputs: [] }
  return { ...part, outputs: leavesOf(part) }
}
