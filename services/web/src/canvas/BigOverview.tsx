import { Panel, useReactFlow, useStore } from '@xyflow/react'
import { type PointerEvent, useEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { NODE_HEIGHT, NODE_WIDTH } from '@/model/doc'
import { groupColour } from '@/ui/groups'
import type { CanvasNode } from './nodes'

const WIDTH = 200
const HEIGHT = 150
const EDGE = 6

/** The map of a large network: one drawing in place of an element for each layer, which each frame would ask anew. */
export function BigOverview({ nodes }: { nodes: readonly CanvasNode[] }) {
  const { t } = useTranslation()
  const canvas = useRef<HTMLCanvasElement>(null)
  const { setCenter, getZoom } = useReactFlow()
  const map = useMemo(() => mapOf(nodes), [nodes])
  useEffect(() => {
    if (canvas.current) paint(canvas.current, nodes, map)
  }, [nodes, map])
  const go = ({ currentTarget, clientX, clientY, buttons }: PointerEvent) => {
    if (buttons !== 1) return
    const box = currentTarget.getBoundingClientRect()
    const x = (clientX - box.left - map.x) / map.scale
    const y = (clientY - box.top - map.y) / map.scale
    void setCenter(x, y, { zoom: getZoom() })
  }
  return (
    <Panel position="bottom-right" className="overview">
      <canvas
        ref={canvas}
        width={WIDTH * 2}
        height={HEIGHT * 2}
        role="img"
        aria-label={t('canvas:minimap')}
        onPointerDown={go}
        onPointerMove={go}
      />
      <Window map={map} />
    </Panel>
  )
}

type Scale = { readonly scale: number; readonly x: number; readonly y: number }

/** What of the map is on the screen. */
function Window({ map }: { map: Scale }) {
  const [x, y, zoom] = useStore(state => state.transform)
  const width = useStore(state => state.width)
  const height = useStore(state => state.height)
  const left = map.x - (x / zoom) * map.scale
  const top = map.y - (y / zoom) * map.scale
  return (
    <svg className="overview-window" width={WIDTH} height={HEIGHT} aria-hidden>
      <rect
        x={left}
        y={top}
        width={Math.max(4, (width / zoom) * map.scale)}
        height={Math.max(4, (height / zoom) * map.scale)}
      />
    </svg>
  )
}

/** How places of the network become places of the map. */
export function mapOf(nodes: readonly CanvasNode[]): Scale {
  let [left, top, right, bottom] = [0, 0, NODE_WIDTH, NODE_HEIGHT]
  for (const [index, { position }] of nodes.entries()) {
    left = index === 0 ? position.x : Math.min(left, position.x)
    top = index === 0 ? position.y : Math.min(top, position.y)
    right = Math.max(index === 0 ? position.x : right, position.x + NODE_WIDTH)
    bottom = Math.max(index === 0 ? position.y : bottom, position.y + NODE_HEIGHT)
  }
  const scale = Math.min((WIDTH - 2 * EDGE) / (right - left), (HEIGHT - 2 * EDGE) / (bottom - top))
  const x = (WIDTH - (right - left) * scale) / 2 - left * scale
  const y = (HEIGHT - (bottom - top) * scale) / 2 - top * scale
  return { scale, x, y }
}

function paint(canvas: HTMLCanvasElement, nodes: readonly CanvasNode[], { scale, x, y }: Scale): void {
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
  pen.clearRect(0, 0, WIDTH, HEIGHT)
  const [width, height] = [Math.max(2, NODE_WIDTH * scale), Math.max(0.5, NODE_HEIGHT * scale)]
  for (const node of nodes) {
    if (node.type === 'frame') continue
    const { data } = node
    const bad = 'bad' in data ? data.bad > 0 : data.problems.length > 0
    pen.fillStyle = colour(bad ? 'bad' : 'bad' in data ? 'line-strong' : groupColour(data.group))
    pen.fillRect(node.position.x * scale + x, node.position.y * scale + y, width, height)
  }
}
