import { NODE_HEIGHT, NODE_WIDTH, type Point } from '@/model/doc'
import { duration, shownFlow, shownSurface } from './surface'

export const zoomIn = () => shownFlow()?.zoomIn({ duration: duration() })
export const zoomOut = () => shownFlow()?.zoomOut({ duration: duration() })

export function showAll(): void {
  requestAnimationFrame(() => shownFlow()?.fitView({ padding: 0.15, maxZoom: 1, duration: duration() }))
}

type Box = { readonly y: number; readonly height: number; readonly x: number; readonly width: number }

/** The smallest zoom: one at which all of these are seen on a small screen too. */
export function leastZoom(boxes: readonly Box[]): number {
  const [left, top] = [leastOf(boxes.map(one => one.x)), leastOf(boxes.map(one => one.y))]
  const right = -leastOf(boxes.map(one => -one.x - one.width))
  const bottom = -leastOf(boxes.map(one => -one.y - one.height))
  return Math.min(SMALL, SMALL_SCREEN / Math.max(right - left, bottom - top, 1))
}

const SMALL = 0.03
/** The shorter side of a canvas, without what stays free around the network. */
const SMALL_SCREEN = 200

const leastOf = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)

/** Moves the canvas just when the place is not to be seen. */
export function bringIntoView(place: Point | undefined): void {
  const [flow, surface] = [shownFlow(), shownSurface()]
  if (!flow || !surface || !place) return
  const { x, y, zoom } = flow.getViewport()
  const left = place.x * zoom + x
  const top = place.y * zoom + y
  const fits =
    left >= 0 &&
    top >= 0 &&
    left + NODE_WIDTH * zoom <= surface.clientWidth &&
    top + NODE_HEIGHT * zoom <= surface.clientHeight
  if (fits) return
  const middle = { x: place.x + NODE_WIDTH / 2, y: place.y + NODE_HEIGHT / 2 }
  flow.setCenter(middle.x, middle.y, { zoom: Math.max(zoom, 0.7), duration: duration() })
}

/** Moves the canvas so that a place is near its upper edge, with room for what hangs below. */
export function bringToTop(place: Point | undefined): void {
  const [flow, surface] = [shownFlow(), shownSurface()]
  if (!flow || !surface || !place) return
  const zoom = Math.min(1, Math.max(flow.getViewport().zoom, 0.7))
  const below = (surface.clientHeight / 2 - 24) / zoom
  flow.setCenter(place.x + NODE_WIDTH / 2, place.y + below, { zoom, duration: duration() })
}
