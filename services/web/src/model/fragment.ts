import type { Layer } from '@/client/types'
import { type Doc, type Point, withLayers } from './doc'
import { freeName, namesOf } from './names'
import { settledOutputs } from './outputs'
import { formatRef, parseRef } from './refs'

/** Layers on the clipboard, with the edges among them. */
export type Fragment = { readonly layers: Layer[]; readonly positions: Readonly<Record<string, Point>> }

const MARK = 'visualnn-fragment'

export function fragmentOf(doc: Doc, names: readonly string[]): Fragment {
  const chosen = new Set(names)
  const layers = doc.spec.layers.filter(layer => chosen.has(layer.name))
  const positions = Object.fromEntries(Object.entries(doc.positions).filter(([name]) => chosen.has(name)))
  return { layers, positions }
}

export function writeFragment(fragment: Fragment): string {
  return JSON.stringify({ [MARK]: 1, ...fragment })
}

/** The fragment in a text; null where it is anything else. */
export function readFragment(text: string): Fragment | null {
  if (!text.includes(MARK)) return null
  try {
    const found = JSON.parse(text)
    const layers: unknown = found?.layers
    if (found?.[MARK] !== 1 || !Array.isArray(layers) || !layers.every(isLayer)) return null
    return { layers, positions: found.positions ?? {} }
  } catch {
    return null
  }
}

function isLayer(value: unknown): value is Layer {
  const one = value as Partial<Layer> | null
  return typeof one?.name === 'string' && typeof one.type === 'string' && Array.isArray(one.inputs)
}

/**
 * Adds the fragment under new names. Edges among its layers come along; with `keepInputs` (duplicate) those from layers
 * that stay outside do too.
 */
export function pasteFragment(
  doc: Doc,
  fragment: Fragment,
  by: Point,
  keepInputs: boolean,
): { doc: Doc; names: string[] } {
  const taken = namesOf(doc.spec)
  const renamed = new Map<string, string>()
  for (const layer of fragment.layers) {
    const name = freeName(layer.name, taken)
    taken.add(name)
    renamed.set(layer.name, name)
  }
  const known = namesOf(doc.spec)
  const inputsOf = (layer: Layer) =>
    layer.inputs.flatMap(text => {
      const ref = parseRef(text)
      const inside = renamed.get(ref.layer)
      if (inside !== undefined) return [formatRef(inside, ref.output)]
      return keepInputs && known.has(ref.layer) ? [text] : []
    })
  const weightsOf = (name: string) => renamed.get(name) ?? (known.has(name) ? name : null)
  const pasted = fragment.layers.map(layer => ({
    ...layer,
    name: renamed.get(layer.name) ?? layer.name,
    inputs: inputsOf(layer),
    ...(layer.weights_of ? { weights_of: weightsOf(layer.weights_of) } : {}),
  }))
  const places = Object.fromEntries(
    [...renamed].flatMap(([from, to]) => {
      const at = fragment.positions[from]
      return at ? [[to, { x: at.x + by.x, y: at.y + by.y }]] : []
    }),
  )
  const next = withLayers(doc, [...doc.spec.layers, ...pasted], doc.spec.outputs, { ...doc.positions, ...places })
  return { doc: withLayers(next, next.spec.layers, settledOutputs(doc.spec, next.spec)), names: [...renamed.values()] }
}
