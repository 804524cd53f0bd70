import { groupColour } from '@/ui/groups'
import type { CanvasNode } from '../nodes'
import type { Mark } from './map'

/** What of the canvas the map shows: layers in the colours of their kinds, what has problems, groups, frames. */
export function marksOf(nodes: readonly CanvasNode[]): Mark[] {
  return nodes.map(node => {
    const { width = 0, height = 0, position, data } = node
    const place = { x: position.x, y: position.y, width, height }
    if ('bad' in data) {
      if (node.type === 'frame') return { ...place, colour: 'line-strong', frame: true }
      return { ...place, colour: data.bad > 0 ? 'bad' : 'muted' }
    }
    return { ...place, colour: data.problems.length > 0 || data.unknown ? 'bad' : groupColour(data.group) }
  })
}
