import { type NodeHandle, Position } from '@xyflow/react'
import { NODE_HEIGHT, NODE_WIDTH } from '@/model/doc'

const SIZE = 11

/**
 * Where a node's handles are, as LayerNode draws them. React Flow draws every node once that does not say so, to measure
 * it: thousands of layers are open in a fraction of the time when only those on the screen are drawn.
 */
export function handlesOf(takes: boolean, outputs: number): NodeHandle[] {
  const at = (share: number) => NODE_WIDTH * share - SIZE / 2
  const size = { width: SIZE, height: SIZE }
  const target = { id: 'i', type: 'target', position: Position.Top, x: at(0.5), y: -SIZE / 2, ...size } as const
  const sources = Array.from({ length: outputs }, (_, index) => ({
    id: `o${index}`,
    type: 'source' as const,
    position: Position.Bottom,
    x: at((index + 1) / (outputs + 1)),
    y: NODE_HEIGHT - SIZE / 2,
    ...size,
  }))
  return takes ? [target, ...sources] : sources
}
