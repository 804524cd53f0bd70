import { NODE_HEIGHT, NODE_WIDTH } from '@/model/doc'

/** Something to be seen on the map: `colour` is a token; a frame is drawn as its border. */
export type Mark = {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly colour: string
  readonly frame?: boolean
  /** To be seen however small it is. */
  readonly strong?: boolean
}

/** How places of the network become places of the map: places times `sx` and `sy`, plus `x` and `y`. */
export type Scale = {
  readonly width: number
  readonly height: number
  readonly sx: number
  readonly sy: number
  readonly x: number
  readonly y: number
}

const EDGE = 6
const WIDE = { width: 200, height: 150 }
const TALL = { width: 110, height: 300 }
/** From this many times as high as wide on a network has the tall map. */
const IS_TALL = 6
/** One way is enlarged more than the other until layers are as large: a network of hundreds of rows would be a hair. */
const SEEN = { across: 16 / NODE_WIDTH, down: 3 / NODE_HEIGHT }

/** The whole network in the middle of the map; in `room` pixels of height. */
export function mapOf(marks: readonly Mark[], room = Number.POSITIVE_INFINITY): Scale {
  const box = boxOf(marks)
  const [across, down] = [box.right - box.left, box.bottom - box.top]
  const form = down > IS_TALL * across ? TALL : WIDE
  const [width, height] = [form.width, Math.max(60, Math.min(form.height, room))]
  const [fitX, fitY] = [(width - 2 * EDGE) / across, (height - 2 * EDGE) / down]
  const both = Math.min(fitX, fitY)
  const [sx, sy] = [Math.min(fitX, Math.max(both, SEEN.across)), Math.min(fitY, Math.max(both, SEEN.down))]
  const x = (width - across * sx) / 2 - box.left * sx
  const y = (height - down * sy) / 2 - box.top * sy
  return { width, height, sx, sy, x, y }
}

/** Whether everything that is marked is on a screen that shows places times `zoom`, plus `x` and `y`. */
export function allInView(
  marks: readonly Mark[],
  [x, y, zoom]: readonly number[],
  width: number,
  height: number,
): boolean {
  const { left, top, right, bottom } = boxOf(marks)
  const inside = (from: number, to: number, by = 0, size = 0) =>
    from * (zoom ?? 1) + by >= 0 && to * (zoom ?? 1) + by <= size
  return inside(left, right, x, width) && inside(top, bottom, y, height)
}

function boxOf(marks: readonly Mark[]) {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity }
  for (const { x, y, width, height } of marks) {
    box.left = Math.min(box.left, x)
    box.top = Math.min(box.top, y)
    box.right = Math.max(box.right, x + width)
    box.bottom = Math.max(box.bottom, y + height)
  }
  return box.left < box.right && box.top < box.bottom ? box : { left: 0, top: 0, right: 1, bottom: 1 }
}
