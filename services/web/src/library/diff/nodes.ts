import { type Edge, MarkerType, type Node } from '@xyflow/react'
import { handlesOf } from '@/canvas/handles'
import type { Mark } from '@/canvas/overview/map'
import type { Diff, Layer, LayerDiff } from '@/client/types'
import { NODE_HEIGHT, NODE_WIDTH, type Point } from '@/model/doc'
import type { Fate, Union } from '@/model/union'

export type DiffNodeType = Node<
  { readonly layer: Layer; readonly fate: Fate; readonly told: LayerDiff | undefined; readonly outputs: number },
  'diff'
>

const COLOURS: Readonly<Record<Fate, string>> = {
  added: 'good',
  removed: 'bad',
  changed: 'accent',
  same: 'line-strong',
}
const SIZE = { width: NODE_WIDTH, height: NODE_HEIGHT }

/** All that differs, in the order of the list. */
export const changesOf = (diff: Diff): LayerDiff[] => [...diff.added, ...diff.removed, ...diff.changed]

/** The layers of both versions where they were laid out. */
export function nodesOf({ layers, fates, edges }: Union, diff: Diff, places: Readonly<Record<string, Point>>) {
  const told = new Map(changesOf(diff).map(one => [one.name, one]))
  const outputs = new Map<string, number>()
  for (const { source, output } of edges) outputs.set(source, Math.max(outputs.get(source) ?? 1, output + 1))
  return layers.map((layer): DiffNodeType => {
    const count = outputs.get(layer.name) ?? 1
    return {
      id: layer.name,
      type: 'diff',
      position: places[layer.name] ?? { x: 0, y: 0 },
      data: { layer, fate: fates.get(layer.name) ?? 'same', told: told.get(layer.name), outputs: count },
      handles: handlesOf(true, count),
      measured: SIZE,
      ...SIZE,
    }
  })
}

export function edgesOf({ edges, fates }: Union): Edge[] {
  return edges
    .filter(({ source }) => fates.has(source))
    .map(({ source, output, target, fate }, index) => ({
      id: `${index}`,
      source,
      target,
      sourceHandle: `o${output}`,
      targetHandle: 'i',
      className: `diff-edge diff-edge-${fate}`,
      ...(fate === 'same' ? {} : { markerEnd: { type: MarkerType.Arrow, color: `var(--${COLOURS[fate]})` } }),
    }))
}

/** The map of what differs: the rest is faint. */
export function marksOf(nodes: readonly DiffNodeType[]): Mark[] {
  const marks = nodes.map(({ position, data }) => ({
    ...position,
    ...SIZE,
    colour: COLOURS[data.fate],
    strong: data.fate !== 'same',
  }))
  return marks.sort((a, b) => Number(a.strong) - Number(b.strong))
}
