import type { ReactFlowInstance } from '@xyflow/react'
import { NODE_HEIGHT, NODE_WIDTH, type Point } from '@/model/doc'

/** The canvas that is on the screen, for actions that come from elsewhere. */
type Flow = Pick<ReactFlowInstance, 'fitView' | 'setCenter' | 'getViewport' | 'setViewport' | 'zoomIn' | 'zoomOut'>
let flow: Flow | null = null
let surface: HTMLElement | null = null

export function attach(instance: Flow | null, element: HTMLElement | null): void {
  flow = instance
  surface = element
}

/** When the canvas is still again, as `performance.now()` tells time. */
let stillAt = 0
const LATE = 800

function duration(): number {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return 0
  stillAt = performance.now() + 200 + LATE
  return 200
}

/** Stops a movement under way: what the pointer goes down on is what it comes up on. */
export function holdStill(): void {
  if (!flow || performance.now() > stillAt) return
  stillAt = 0
  flow.setViewport(flow.getViewport())
}

export function showAll(): void {
  requestAnimationFrame(() => flow?.fitView({ padding: 0.15, maxZoom: 1, duration: duration() }))
}

/** Moves the canvas just when the place is not to be seen. */
export function bringIntoView(place: Point | undefined): void {
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
  if (!flow || !surface || !place) return
  const zoom = Math.min(1, Math.max(flow.getViewport().zoom, 0.7))
  const below = (surface.clientHeight / 2 - 24) / zoom
  flow.setCenter(place.x + NODE_WIDTH / 2, place.y + below, { zoom, duration: duration() })
}

export const zoomIn = () => flow?.zoomIn({ duration: duration() })
export const zoomOut = () => flow?.zoomOut({ duration: duration() })
