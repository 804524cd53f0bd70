import type { Spec } from '@/client/types'
import { NODE_GAP, NODE_HEIGHT, NODE_WIDTH, type Point } from '@/model/doc'
import { edgesOf } from '@/model/graph'
import { depthsOf } from './depths'

// Sugiyama's steps, each in its cheapest form: rows by depth, a waypoint in each row that an edge passes, rows ordered
// by the mean place of their neighbours, places moved towards that mean with the waypoints first, so that long edges
// are straight and what they pass stands beside them.

/** A layer, or a place where an edge passes a row. */
type Item = {
  readonly name: string | null
  readonly width: number
  readonly up: Item[]
  readonly down: Item[]
  /** Middle. */
  x: number
  order: number
}

const WAYPOINT = 28
const GAP = 30
const SWEEPS = 4
/** Edges beyond this many waypoints in all are drawn without. */
const MOST_WAYPOINTS = 30_000

/** A place for every layer: as ELK's, roughly, in a hundredth of the time. The same spec gives the same places. */
export function quickLayout(spec: Spec): Record<string, Point> {
  const rows = rowsOf(spec)
  for (const row of rows) spread(row)
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    walk(rows, sweep, orderRow)
  }
  for (let sweep = 0; sweep <= SWEEPS; sweep++) {
    walk(rows, sweep, placeRow) // the last one goes down: layers stand in the middle below what feeds them
  }
  return placesOf(rows)
}

/** Down on even sweeps, seen from the row above; up on odd ones. */
function walk(rows: readonly Item[][], sweep: number, act: (row: Item[], side: 'up' | 'down') => void): void {
  const down = sweep % 2 === 0
  for (const row of down ? rows : rows.toReversed()) act(row, down ? 'up' : 'down')
}

function rowsOf(spec: Spec): Item[][] {
  const depth = depthsOf(spec)
  const rows: Item[][] = []
  const add = (row: number, name: string | null): Item => {
    const item: Item = { name, width: name === null ? WAYPOINT : NODE_WIDTH, up: [], down: [], x: 0, order: 0 }
    const list = rows[row] ?? []
    rows[row] = list
    list.push(item)
    return item
  }
  const items = new Map(spec.layers.map(({ name }) => [name, add(depth.get(name) ?? 0, name)]))
  let left = MOST_WAYPOINTS
  for (const edge of edgesOf(spec)) {
    const from = items.get(edge.source)
    const to = items.get(edge.target)
    if (!from || !to) continue
    const start = depth.get(edge.source) ?? 0
    const end = depth.get(edge.target) ?? 0
    left -= Math.max(0, end - start - 1)
    chain(from, to, left < 0 ? [] : range(start + 1, end).map(row => add(row, null)))
  }
  return Array.from(rows, row => row ?? [])
}

const range = (start: number, end: number) => Array.from({ length: Math.max(0, end - start) }, (_, at) => start + at)

function chain(from: Item, to: Item, between: readonly Item[]): void {
  let last = from
  for (const next of [...between, to]) {
    last.down.push(next)
    next.up.push(last)
    last = next
  }
}

const distance = (a: Item, b: Item) => (a.width + b.width) / 2 + GAP

/** Side by side around the middle, in the row's order. */
function spread(row: readonly Item[]): void {
  let x = 0
  row.forEach((item, order) => {
    const before = row[order - 1]
    x += before ? distance(before, item) : 0
    item.x = x
    item.order = order
  })
  for (const item of row) item.x -= x / 2
}

function orderRow(row: Item[], side: 'up' | 'down'): void {
  if (row.length < 2) return
  const wanted = new Map(row.map(item => [item, item[side].length === 0 ? item.x : mean(item[side])]))
  row.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0) || a.order - b.order)
  spread(row)
}

const mean = (items: readonly Item[]) => items.reduce((sum, item) => sum + item.x, 0) / items.length

/** Where a shortcut meets its block, it goes on straight, or blocks would drift to the block's side. */
function straightest(items: readonly Item[]): readonly Item[] {
  if (items.length !== 2) return items
  const waypoints = items.filter(item => item.name === null)
  return waypoints.length > 0 ? waypoints : items
}

/** The priority method: waypoints first, then what has most neighbours; each pushes those of less weight aside. */
function placeRow(row: readonly Item[], side: 'up' | 'down'): void {
  const weight = (item: Item) => (item.name === null ? Number.MAX_SAFE_INTEGER : item[side].length)
  const order = row.map((_, index) => index).sort((a, b) => weight(at(row, b)) - weight(at(row, a)) || a - b)
  const fixed = new Set<number>()
  for (const index of order) {
    const item = at(row, index)
    const wanted = item[side].length === 0 ? item.x : mean(straightest(item[side]))
    item.x = Math.min(Math.max(wanted, bound(row, index, fixed, -1)), bound(row, index, fixed, 1))
    fixed.add(index)
    push(row, index, -1)
    push(row, index, 1)
  }
}

/** How far an item may go before it would shift one that has its place. */
function bound(row: readonly Item[], index: number, fixed: ReadonlySet<number>, way: -1 | 1): number {
  let room = 0
  for (let next = index + way; next >= 0 && next < row.length; next += way) {
    room += distance(at(row, next - way), at(row, next))
    if (fixed.has(next)) return at(row, next).x - way * room
  }
  return way * Number.POSITIVE_INFINITY
}

function push(row: readonly Item[], index: number, way: -1 | 1): void {
  for (let next = index + way; next >= 0 && next < row.length; next += way) {
    const limit = at(row, next - way).x + way * distance(at(row, next - way), at(row, next))
    const item = at(row, next)
    if (way * (item.x - limit) >= 0) return
    item.x = limit
  }
}

function at(row: readonly Item[], index: number): Item {
  const item = row[index]
  if (!item) throw new RangeError(`no item ${index} in a row of ${row.length}`)
  return item
}

function placesOf(rows: readonly Item[][]): Record<string, Point> {
  const places: Record<string, Point> = {}
  rows.forEach((row, y) => {
    for (const { name, x } of row) {
      if (name !== null) places[name] = { x: Math.round(x - NODE_WIDTH / 2), y: y * (NODE_HEIGHT + NODE_GAP) }
    }
  })
  return places
}
