import type { Layer, Spec } from '@/client/types'

export type Point = { readonly x: number; readonly y: number }

/** What undo and redo, drafts and the clipboard work on: the spec, and where its layers lie on the canvas. */
export type Doc = {
  readonly spec: Spec
  readonly positions: Readonly<Record<string, Point>>
  /** By group: what folding it moved up, so that unfolding puts it back. */
  readonly closed?: Readonly<Record<string, Closed>>
}

/** Where layers lay before a gap was closed, and where they lie since. */
export type Closed = { readonly before: Doc['positions']; readonly after: Doc['positions'] }

export const NODE_WIDTH = 208
export const NODE_HEIGHT = 64
export const NODE_GAP = 44

export function emptyDoc(name: string): Doc {
  return { spec: { visualnn: 1, name, layers: [], outputs: [] }, positions: {} }
}

export function layerNamed(spec: Spec, name: string): Layer | undefined {
  return spec.layers.find(layer => layer.name === name)
}

export function withLayers(
  doc: Doc,
  layers: Layer[],
  outputs: string[] = doc.spec.outputs,
  positions: Doc['positions'] = doc.positions,
): Doc {
  return { spec: { ...doc.spec, layers, outputs }, positions }
}
