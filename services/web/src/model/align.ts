import { type Doc, NODE_GAP, NODE_HEIGHT, NODE_WIDTH, type Point } from './doc'

export type Alignment = 'column' | 'row' | 'spreadAcross' | 'spreadDown'

/** The named layers in one line, or with equal gaps along it; the middle of them all stays where it is. */
export function align(doc: Doc, names: readonly string[], how: Alignment): Doc {
  const axis = how === 'column' || how === 'spreadAcross' ? 'x' : 'y'
  const placed = names.flatMap(name => {
    const place = doc.positions[name]
    return place ? [{ name, place }] : []
  })
  if (placed.length < 2) return doc
  const moved = how === 'column' || how === 'row' ? inLine(placed, axis) : spread(placed, axis)
  return { ...doc, positions: { ...doc.positions, ...moved } }
}

type Placed = readonly { readonly name: string; readonly place: Point }[]
type Axis = 'x' | 'y'

function inLine(placed: Placed, axis: Axis): Record<string, Point> {
  const middle = Math.round(placed.reduce((sum, { place }) => sum + place[axis], 0) / placed.length)
  return Object.fromEntries(placed.map(({ name, place }) => [name, { ...place, [axis]: middle }]))
}

/** From the first to the last with equal steps, never so small that layers overlap. */
function spread(placed: Placed, axis: Axis): Record<string, Point> {
  const sorted = [...placed].sort((a, b) => a.place[axis] - b.place[axis])
  const first = sorted[0]?.place[axis] ?? 0
  const last = sorted.at(-1)?.place[axis] ?? 0
  const least = axis === 'x' ? NODE_WIDTH + NODE_GAP : NODE_HEIGHT + NODE_GAP
  const step = Math.max((last - first) / (sorted.length - 1), least)
  const start = (first + last - step * (sorted.length - 1)) / 2
  return Object.fromEntries(
    sorted.map(({ name, place }, index) => [name, { ...place, [axis]: Math.round(start + index * step) }]),
  )
}
