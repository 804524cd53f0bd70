import type { ReactFlowInstance, Viewport } from '@xyflow/react'
import { NODE_HEIGHT, NODE_WIDTH, type Point } from '@/model/doc'
import { currentDoc } from '@/store/editor'

/** The canvas that is on the screen, for actions that come from elsewhere. */
type Flow = Pick<ReactFlowInstance, 'fitView' | 'setCenter' | 'getViewport' | 'setViewport' | 'zoomIn' | 'zoomOut'>
let flow: Flow | null = null
let surface: HTMLElement | null = null

/** What was on the screen when the canvas was last left: a first save or another page changes nothing of it. */
let kept: Viewport | undefined

export const keptView = (): Viewport | undefined => kept

export function attach(instance: Flow | null, element: HTMLElement | null): void {
  if (flow && !instance) kept = flow.getViewport()
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

/** Gives the focus that fell to nothing back to the canvas: to a layer, or to the whole. */
export function catchFocus(layer?: string): void {
  requestAnimationFrame(() => {
    if (document.activeElement !== document.body && document.activeElement !== null) return
    const node = layer && surface?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(layer)}"]`)
    const target = node || surface
    target?.focus({ preventScroll: true })
  })
}

export function showAll(): void {
  requestAnimationFrame(() => flow?.fitView({ padding: 0.15, maxZoom: 1, duration: duration() }))
}

/** Below this zoom a network is opened at its top instead of as a whole: names could not be read. */
const READABLE = 0.5

/** A network that was just opened: all of it where that can be read, otherwise its upper end. */
export function showOpened(): void {
  requestAnimationFrame(() => {
    const places = Object.values(currentDoc().positions)
    if (!flow || !surface || places.length === 0) return
    const { zoom, centre } = openingView(places, { width: surface.clientWidth, height: surface.clientHeight })
    if (centre) flow.setCenter(centre.x, centre.y, { zoom, duration: duration() })
    else flow.fitView({ padding: 0.15, maxZoom: 1, duration: duration() })
  })
}

type Size = { readonly width: number; readonly height: number }

/** What to show of layers at these places: `centre` null where the whole of them can be read. */
export function openingView(places: readonly Point[], { width, height }: Size): { zoom: number; centre: Point | null } {
  const xs = places.map(place => place.x)
  const left = least(xs)
  const right = -least(xs.map(x => -x)) + NODE_WIDTH
  const top = least(places.map(place => place.y))
  const bottom = -least(places.map(place => -place.y)) + NODE_HEIGHT
  const whole = Math.min(width / (right - left), height / (bottom - top)) / 1.3
  if (whole >= READABLE) return { zoom: Math.min(1, whole), centre: null }
  const zoom = Math.min(1, Math.max(READABLE, width / (right - left) / 1.3))
  const first = places.filter(place => place.y === top)
  const middle = first.reduce((sum, place) => sum + place.x, 0) / first.length + NODE_WIDTH / 2
  return { zoom, centre: { x: middle, y: top + (height / 2 - 24) / zoom } }
}

const least = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)

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
