import type { Layer, LayerType, Spec } from '@/client/types'
import { type Doc, layerNamed, NODE_GAP, NODE_HEIGHT, NODE_WIDTH, type Point, withLayers } from './doc'
import { isSingle, leavesOf, takesInput, validTargets } from './graph'
import { prunedGroups, renamedInGroups } from './groups'
import { baseName, freeName, namesOf } from './names'
import { settledOutputs } from './outputs'
import { formatRef, parseRef, renamedRef } from './refs'

// Every function gives a new document and changes none; what cannot be done gives the document back as it was.

type Catalogue = ReadonlyMap<string, LayerType>

function settled(before: Doc, after: Doc): Doc {
  const made = withLayers(after, after.spec.layers, settledOutputs(before.spec, after.spec))
  return { ...made, spec: prunedGroups(made.spec) }
}

/** A layer of this type with the parameters it must have, taken from the catalogue's example. */
export function newLayer(spec: Spec, type: LayerType): Layer {
  const required = type.params.filter(param => param.required).map(param => param.name)
  const params = Object.fromEntries(required.map(name => [name, type.example.params[name]]))
  return { name: freeName(baseName(type.type), namesOf(spec)), type: type.type, params, inputs: [] }
}

/** Adds a layer at a place of the canvas, without connections. */
export function addLayer(doc: Doc, type: LayerType, at: Point): { doc: Doc; name: string } {
  const layer = newLayer(doc.spec, type)
  const added = withLayers(doc, [...doc.spec.layers, layer])
  return { doc: settled(doc, { ...added, positions: { ...doc.positions, [layer.name]: at } }), name: layer.name }
}

/** Adds a layer fed by the selected ones, or by the last layer; below them. */
export function appendLayer(doc: Doc, type: LayerType, selection: readonly string[]): { doc: Doc; name: string } {
  const sources = feedersFor(doc.spec, type, selection)
  const added = addLayer(doc, type, placeBelow(doc, sources))
  const inputs = sources.map(name => formatRef(name))
  const layers = added.doc.spec.layers.map(layer => (layer.name === added.name ? { ...layer, inputs } : layer))
  return { doc: settled(doc, withLayers(doc, layers, doc.spec.outputs, added.doc.positions)), name: added.name }
}

function feedersFor(spec: Spec, type: LayerType, selection: readonly string[]): string[] {
  const { most } = type.ports
  if (most === 0) return []
  const chosen = selection.filter(name => layerNamed(spec, name))
  if (chosen.length > 0) return chosen.slice(0, most ?? chosen.length)
  const last = leavesOf(spec).at(-1)
  return last === undefined ? [] : [last]
}

/** A free place under these layers; of no layers, right of everything. */
export function placeBelow(doc: Doc, sources: readonly string[]): Point {
  const all = Object.values(doc.positions)
  const above = sources.flatMap(name => doc.positions[name] ?? [])
  if (above.length === 0) {
    if (all.length === 0) return { x: 0, y: 0 }
    return { x: Math.max(...all.map(p => p.x)) + NODE_WIDTH + NODE_GAP, y: Math.min(...all.map(p => p.y)) }
  }
  const x = above.reduce((sum, p) => sum + p.x, 0) / above.length
  const y = Math.max(...above.map(p => p.y)) + NODE_HEIGHT + NODE_GAP
  return freePlace(all, { x, y })
}

/** `wanted`, or the next place to the right where no layer lies. */
export function freePlace(taken: readonly Point[], wanted: Point): Point {
  let at = wanted
  const hit = (p: Point) => Math.abs(p.x - at.x) < NODE_WIDTH + 16 && Math.abs(p.y - at.y) < NODE_HEIGHT + 16
  while (taken.some(hit)) at = { x: at.x + NODE_WIDTH + NODE_GAP, y: at.y }
  return at
}

/** Connects two layers; an edge to a layer with a single input takes the place of the one it had. */
export function connect(doc: Doc, source: string, output: number, target: string, catalogue: Catalogue): Doc {
  if (!validTargets(doc.spec, source, output, catalogue).has(target)) return doc
  const ref = formatRef(source, output)
  const layers = doc.spec.layers.map(layer => {
    if (layer.name !== target || !takesInput(layer, catalogue)) return layer
    return { ...layer, inputs: isSingle(layer, catalogue) ? [ref] : [...layer.inputs, ref] }
  })
  return settled(doc, withLayers(doc, layers))
}

/** Takes inputs away; each as target and index. */
export function disconnect(doc: Doc, edges: readonly { target: string; input: number }[]): Doc {
  const gone = new Set(edges.map(edge => `${edge.input} ${edge.target}`))
  const layers = doc.spec.layers.map(layer => {
    const inputs = layer.inputs.filter((_, index) => !gone.has(`${index} ${layer.name}`))
    return inputs.length === layer.inputs.length ? layer : { ...layer, inputs }
  })
  return settled(doc, withLayers(doc, layers))
}

/** Changes the order of a layer's inputs. */
export function moveInput(doc: Doc, name: string, from: number, to: number): Doc {
  return changeLayer(doc, name, layer => {
    const inputs = [...layer.inputs]
    const [moved] = inputs.splice(from, 1)
    if (moved === undefined || to < 0 || to > inputs.length) return layer
    inputs.splice(to, 0, moved)
    return { ...layer, inputs }
  })
}

/** Removes layers; where one had a single input, its consumers take that instead. */
export function removeLayers(doc: Doc, names: readonly string[]): Doc {
  const gone = new Set(names)
  const byName = new Map(doc.spec.layers.map(layer => [layer.name, layer]))
  const bridged = (text: string, seen: Set<string>): string[] => {
    const { layer } = parseRef(text)
    if (!gone.has(layer)) return [text]
    const inputs = byName.get(layer)?.inputs ?? []
    if (inputs.length !== 1 || seen.has(layer)) return []
    return bridged(inputs[0] ?? '', seen.add(layer))
  }
  const layers = doc.spec.layers
    .filter(layer => !gone.has(layer.name))
    .map(layer => ({
      ...layer,
      inputs: layer.inputs.flatMap(text => bridged(text, new Set())),
      ...(layer.weights_of && gone.has(layer.weights_of) ? { weights_of: null } : {}),
    }))
  const positions = Object.fromEntries(Object.entries(doc.positions).filter(([name]) => !gone.has(name)))
  return settled(doc, withLayers(doc, layers, doc.spec.outputs, positions))
}

export function changeLayer(doc: Doc, name: string, change: (layer: Layer) => Layer): Doc {
  const layers = doc.spec.layers.map(layer => (layer.name === name ? change(layer) : layer))
  return layers.every((layer, index) => layer === doc.spec.layers[index]) ? doc : withLayers(doc, layers)
}

/** Sets a parameter; `undefined` takes it away, so that the default holds. */
export function setParam(doc: Doc, name: string, param: string, value: unknown): Doc {
  return changeLayer(doc, name, layer => {
    if (JSON.stringify(layer.params?.[param]) === JSON.stringify(value)) return layer
    const params = { ...layer.params }
    if (value === undefined) delete params[param]
    else params[param] = value
    return { ...layer, params }
  })
}

export function setWeightsOf(doc: Doc, name: string, other: string | null): Doc {
  return changeLayer(doc, name, ({ weights_of: _, ...layer }) => (other ? { ...layer, weights_of: other } : layer))
}

/** Renames a layer everywhere. The caller has checked the name (`nameProblem`). */
export function renameLayer(doc: Doc, from: string, to: string): Doc {
  if (from === to) return doc
  const layers = doc.spec.layers.map(layer => ({
    ...layer,
    name: layer.name === from ? to : layer.name,
    inputs: layer.inputs.map(text => renamedRef(text, from, to)),
    ...(layer.weights_of === from ? { weights_of: to } : {}),
  }))
  const positions = Object.fromEntries(Object.entries(doc.positions).map(([k, at]) => [k === from ? to : k, at]))
  const renamed = withLayers(
    doc,
    layers,
    doc.spec.outputs.map(text => renamedRef(text, from, to)),
    positions,
  )
  return { ...renamed, spec: renamedInGroups(renamed.spec, from, to) }
}

/** A note for people; an empty one takes it away. */
export function setNote(doc: Doc, name: string, text: string): Doc {
  return changeLayer(doc, name, ({ note: _, ...layer }) => (text.trim() === '' ? layer : { ...layer, note: text }))
}

export function renameModel(doc: Doc, name: string): Doc {
  return { ...doc, spec: { ...doc.spec, name } }
}

/** Makes a layer an output of the network, or takes it from them. */
export function setOutput(doc: Doc, name: string, on: boolean): Doc {
  const others = doc.spec.outputs.filter(text => parseRef(text).layer !== name)
  return withLayers(doc, doc.spec.layers, on ? [...others, name] : others)
}

export function moveTo(doc: Doc, places: Readonly<Record<string, Point>>): Doc {
  return { ...doc, positions: { ...doc.positions, ...places } }
}
