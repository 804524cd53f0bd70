import { NODE_HEIGHT, NODE_WIDTH, type Point } from '@/model/doc'
import { currentDoc } from '@/store/editor'
import { duration, shownFlow, shownSurface } from './surface'

/** Below this zoom a network is opened at its top instead of as a whole: names could not be read. */
const READABLE = 0.5

/** A network that was just opened: all of it where that can be read, otherwise its upper end. */
export function showOpened(): void {
  requestAnimationFrame(() => {
    const [flow, surface] = [shownFlow(), shownSurface()]
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
