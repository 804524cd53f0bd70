import type { ReactFlowInstance, Viewport } from '@xyflow/react'

/** The canvas that is on the screen, for actions that come from elsewhere. */
type Flow = Pick<ReactFlowInstance, 'fitView' | 'setCenter' | 'getViewport' | 'setViewport' | 'zoomIn' | 'zoomOut'>
let flow: Flow | null = null
let surface: HTMLElement | null = null

let kept: Viewport | undefined

/**
 * What is on the screen, or was when the canvas was last left: a first save or another page changes nothing of it. The
 * canvas of the new address is drawn while the old one is still there.
 */
export const keptView = (): Viewport | undefined => flow?.getViewport() ?? kept
export const shownFlow = (): Flow | null => flow
export const shownSurface = (): HTMLElement | null => surface

export function attach(instance: Flow | null, element: HTMLElement | null): void {
  if (flow && !instance) kept = flow.getViewport()
  flow = instance
  surface = element
}

/** When the canvas is still again, as `performance.now()` tells time. */
let stillAt = 0
const LATE = 800

/** How long a movement takes that begins now. */
export function duration(): number {
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
