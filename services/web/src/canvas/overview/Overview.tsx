import { Panel, useReactFlow, useStore } from '@xyflow/react'
import { type PointerEvent, useEffect, useMemo, useRef, type WheelEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useTheme } from '@/ui/useTheme'
import { allInView, type Mark, mapOf, type Scale } from './map'
import './overview.css'

/** Above the map the canvas shows at least this much of itself. */
const LEFT_FREE = 120

/** The map of a network; none while the whole network is on the screen. */
export function Overview({ marks }: { marks: readonly Mark[] }) {
  const whole = useStore(({ transform, width, height }) => allInView(marks, transform, width, height))
  return whole ? null : <OverviewMap marks={marks} />
}

/** One drawing, made anew only where the network changes. A click or a drag goes there. */
function OverviewMap({ marks }: { marks: readonly Mark[] }) {
  const { t } = useTranslation()
  const canvas = useRef<HTMLCanvasElement>(null)
  const { setCenter, getZoom, zoomTo } = useReactFlow()
  const room = useStore(state => state.height) - LEFT_FREE
  const theme = useTheme()
  const map = useMemo(() => mapOf(marks, room), [marks, room])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are the theme's
  useEffect(() => {
    if (canvas.current) paint(canvas.current, marks, map)
  }, [marks, map, theme])
  const go = ({ currentTarget, clientX, clientY, buttons }: PointerEvent) => {
    if (buttons !== 1) return
    const box = currentTarget.getBoundingClientRect()
    const x = (clientX - box.left - map.x) / map.sx
    const y = (clientY - box.top - map.y) / map.sy
    void setCenter(x, y, { zoom: getZoom() })
  }
  const zoom = ({ deltaY }: WheelEvent) => void zoomTo(getZoom() * 2 ** (-deltaY / 500))
  return (
    <Panel position="bottom-right" className="overview">
      <canvas
        ref={canvas}
        width={map.width * 2}
        height={map.height * 2}
        style={{ width: map.width, height: map.height }}
        role="img"
        aria-label={t('canvas:minimap')}
        onPointerDown={go}
        onPointerMove={go}
        onWheel={zoom}
      />
      <Window map={map} />
    </Panel>
  )
}

/** What of the map is on the screen. */
function Window({ map }: { map: Scale }) {
  const [x, y, zoom] = useStore(state => state.transform)
  const width = useStore(state => state.width)
  const height = useStore(state => state.height)
  return (
    <svg className="overview-window" width={map.width} height={map.height} aria-hidden>
      <rect
        x={map.x - (x / zoom) * map.sx}
        y={map.y - (y / zoom) * map.sy}
        width={Math.max(4, (width / zoom) * map.sx)}
        height={Math.max(4, (height / zoom) * map.sy)}
      />
    </svg>
  )
}

function paint(canvas: HTMLCanvasElement, marks: readonly Mark[], { width, height, sx, sy, x, y }: Scale): void {
  const pen = canvas.getContext('2d')
  if (!pen) return
  const style = getComputedStyle(document.documentElement)
  const colours = new Map<string, string>()
  const colour = (name: string) => {
    const known = colours.get(name) ?? style.getPropertyValue(`--${name}`).trim()
    colours.set(name, known)
    return known
  }
  pen.setTransform(2, 0, 0, 2, 0, 0)
  pen.clearRect(0, 0, width, height)
  for (const mark of marks) {
    const [left, top] = [mark.x * sx + x, mark.y * sy + y]
    const [across, down] = [Math.max(2, mark.width * sx), Math.max(mark.strong ? 4 : 0.5, mark.height * sy)]
    if (mark.frame) {
      pen.strokeStyle = colour(mark.colour)
      pen.strokeRect(left, top, across, down)
    } else {
      pen.fillStyle = colour(mark.colour)
      pen.fillRect(left, top, across, down)
    }
  }
}
