import { ChevronDown, ChevronRight } from 'lucide-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useInside } from '@/api/blocks'
import { useCatalogue } from '@/api/catalogue'
import { useFeedback } from '@/api/FeedbackContext'
import type { Layer } from '@/client/types'
import { NODE_HEIGHT, NODE_WIDTH, type Point } from '@/model/doc'
import { edgesOf } from '@/model/graph'
import { parseRef } from '@/model/refs'
import { countText, shapeText } from '@/model/values'
import { useReadOnly } from '@/store/editor'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { groupColour } from '@/ui/groups'
import { lookInside, unfoldForGood } from './actions'
import { useInsideOf } from './blocks'
import { quickLayout } from './layout/quick'
import './blocks.css'

const SCALE = 0.72

/** The arrow of a block: it shows what is inside. */
export function InsideToggle({ name }: { name: string }) {
  const { t } = useTranslation()
  const open = useInsideOf(name)
  const label = t(open ? 'canvas:hideInside' : 'canvas:showInside', { name })
  const Icon = open ? ChevronDown : ChevronRight
  return (
    <button
      type="button"
      className="fold nodrag"
      aria-label={label}
      title={label}
      aria-expanded={open}
      onClick={event => {
        event.stopPropagation()
        lookInside(name)
      }}
    >
      <Icon size={15} aria-hidden />
    </button>
  )
}

/** The layers that a block stands for, drawn below it; nothing of it can be edited before it is unfolded for good. */
export function BlockInside({ block }: { block: Layer }) {
  const { t } = useTranslation()
  const readOnly = useReadOnly()
  const known = useFeedback().layers
  const shapes = block.inputs.map(text => {
    const { layer, output } = parseRef(text)
    return known.get(layer)?.output_shapes[output]
  })
  const { data, error, refetch } = useInside(block, shapes)
  return (
    <section className="block-inside nodrag nowheel" aria-label={t('canvas:insideOf', { name: block.name })}>
      <header>
        <strong>{t('canvas:insideOf', { name: block.name })}</strong>
        <Button disabled={readOnly || !data} onClick={() => void unfoldForGood(block.name)}>
          {t('canvas:unfoldForGood')}
        </Button>
      </header>
      {error ? <FailureBox title={t('canvas:insideFailed')} error={error} again={refetch} /> : null}
      {data ? <Drawing inside={data} /> : error ? null : <p>{t('app:loading')}</p>}
    </section>
  )
}

function Drawing({ inside: { spec, layers } }: { inside: NonNullable<ReturnType<typeof useInside>['data']> }) {
  const { t } = useTranslation()
  const { byType } = useCatalogue()
  const { places, edges, box, width, height } = useMemo(() => drawn(spec), [spec])
  return (
    <div className="block-drawing">
      <svg viewBox={box} width={width * SCALE} height={height * SCALE} role="img" aria-label={t('canvas:label')}>
        <g className="block-edges">
          {edges.map(path => (
            <path key={path} d={path} />
          ))}
        </g>
        {spec.layers.map(({ name, type }) => {
          const { x, y } = places[name] ?? { x: 0, y: 0 }
          const found = layers.get(name)
          return (
            <g
              key={name}
              className={`block-layer ${groupColour(byType.get(type)?.group)}`}
              transform={`translate(${x} ${y})`}
            >
              <title>{name}</title>
              <rect width={NODE_WIDTH} height={NODE_HEIGHT} rx={7} />
              <rect className="block-bar" width={5} height={NODE_HEIGHT} rx={2.5} />
              <text x={16} y={27}>
                {type}
              </text>
              {found && found.params > 0 ? (
                <text className="block-minor" x={NODE_WIDTH - 10} y={27} textAnchor="end">
                  {countText(found.params)}
                </text>
              ) : null}
              <text className="block-minor" x={16} y={49}>
                {short(name)}
              </text>
              <text className="block-shape" x={NODE_WIDTH - 10} y={49} textAnchor="end">
                {found?.output_shapes.map(shapeText).join(' | ')}
              </text>
            </g>
          )
        })}
      </svg>
    </div>
  )
}

/** `block/part` -> `part`. */
function short(name: string): string {
  const text = name.slice(name.lastIndexOf('/') + 1)
  return text.length > 16 ? `${text.slice(0, 15)}…` : text
}

function drawn(spec: Parameters<typeof quickLayout>[0]) {
  const places: Record<string, Point> = quickLayout(spec)
  const all = Object.values(places)
  const left = Math.min(...all.map(one => one.x)) - 8
  const width = Math.max(...all.map(one => one.x)) + NODE_WIDTH + 8 - left
  const height = Math.max(...all.map(one => one.y)) + NODE_HEIGHT + 16
  const edges = edgesOf(spec).flatMap(({ source, target }) => {
    const [from, to] = [places[source], places[target]]
    return from && to ? [curve(from, to)] : []
  })
  return { places, edges, width, height, box: `${left} -8 ${width} ${height}` }
}

function curve(from: Point, to: Point): string {
  const [x1, y1, x2, y2] = [from.x + NODE_WIDTH / 2, from.y + NODE_HEIGHT, to.x + NODE_WIDTH / 2, to.y]
  const bend = Math.max(20, (y2 - y1) / 2)
  return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`
}
