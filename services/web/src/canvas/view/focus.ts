import { shownSurface } from './surface'

/** Gives the focus that fell to nothing back to the canvas: to a layer, or to the whole. */
export function catchFocus(layer?: string): void {
  requestAnimationFrame(() => {
    if (document.activeElement !== document.body && document.activeElement !== null) return
    const surface = shownSurface()
    const node = layer && surface?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(layer)}"]`)
    const target = node || surface
    target?.focus({ preventScroll: true })
  })
}
