import { Handle, type NodeProps, Position } from '@xyflow/react'
import { CircleAlert, Flag, Link2, StickyNote } from 'lucide-react'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Problem } from '@/client/types'
import { useTold } from '@/i18n/told'
import { countText, shapeText } from '@/model/values'
import { groupColour } from '@/ui/groups'
import { BlockInside, InsideToggle } from './BlockInside'
import { useInsideOf } from './blocks'
import { useLit } from './connecting'
import './layer.css'
import type { LayerData, LayerNodeType } from './nodes'

/** A layer on the canvas: type, name, output shape, number of parameters, problems. */
export const LayerNode = memo(function LayerNode({ id, data, selected }: NodeProps<LayerNodeType>) {
  const { t } = useTranslation()
  const lit = useLit(id)
  const { layer, problems, takes } = data
  const bad = problems.length > 0 || data.unknown
  const classes = ['layer', groupColour(data.group), lit, bad ? 'bad' : '', selected ? 'chosen' : '']
  return (
    <div className={classes.filter(Boolean).join(' ')} data-layer={id}>
      {takes ? (
        <Handle type="target" id="i" position={Position.Top} role="img" aria-label={t('canvas:input', { name: id })} />
      ) : null}
      <div className="layer-row">
        {data.block ? <InsideToggle name={layer.name} /> : null}
        <span className="layer-type">{layer.type}</span>
        <Marks data={data} />
        <Count data={data} />
      </div>
      <div className="layer-row layer-minor">
        <span className="layer-name" title={layer.name}>
          {shortName(layer.name)}
        </span>
        {data.summary ? <span className="layer-shape">{shapes(data)}</span> : null}
      </div>
      {bad ? <ProblemCard problems={problems} unknown={data.unknown} /> : null}
      <Outputs data={data} />
      {data.block ? <Inside layer={layer} /> : null}
    </div>
  )
})

function Inside({ layer }: { layer: LayerData['layer'] }) {
  return useInsideOf(layer.name) ? <BlockInside block={layer} /> : null
}

/** `inception_block/1x1` -> `…/1x1`: the layers of a block begin alike. */
const shortName = (name: string) =>
  name.length > 16 && name.includes('/') ? `…${name.slice(name.lastIndexOf('/'))}` : name

const shapes = (data: LayerData) => (data.summary?.output_shapes ?? []).map(shapeText).join(' | ')

function Count({ data: { summary } }: { data: LayerData }) {
  const { t } = useTranslation()
  if (!summary || summary.params === 0) return null
  const exact = t('canvas:params_exact', { value: summary.params.toLocaleString() })
  return (
    <span className="layer-count" title={exact}>
      {countText(summary.params)}
    </span>
  )
}

function Marks({ data }: { data: LayerData }) {
  const { t } = useTranslation()
  const { layer, problems, isOutput } = data
  return (
    <span className="layer-marks">
      {problems.length > 0 ? (
        <CircleAlert size={14} className="mark-bad" aria-label={t('canvas:problems', { count: problems.length })} />
      ) : null}
      {layer.note ? (
        <span title={layer.note}>
          <StickyNote size={13} aria-label={t('canvas:note', { text: layer.note })} />
        </span>
      ) : null}
      {layer.weights_of ? <Link2 size={13} aria-label={t('canvas:shared', { name: layer.weights_of })} /> : null}
      {isOutput ? <Flag size={12} aria-label={t('canvas:isOutput')} /> : null}
    </span>
  )
}

/** Seen while the pointer or the focus is on the layer. */
function ProblemCard({ problems, unknown }: { problems: readonly Problem[]; unknown: boolean }) {
  const { t } = useTranslation()
  const told = useTold()
  return (
    <ul className="layer-problems">
      {unknown && problems.length === 0 ? <li>{t('panel:unknownType')}</li> : null}
      {problems.map(problem => (
        <li key={JSON.stringify(problem)}>
          {told(problem.rule)}
          {problem.hint ? <span className="layer-hint">{told(problem.hint)}</span> : null}
        </li>
      ))}
    </ul>
  )
}

function Outputs({ data: { layer, summary } }: { data: LayerData }) {
  const { t } = useTranslation()
  const count = Math.max(1, summary?.output_shapes.length ?? 1)
  return Array.from({ length: count }, (_, index) => (
    <Handle
      // biome-ignore lint/suspicious/noArrayIndexKey: an output is its index
      key={index}
      type="source"
      id={`o${index}`}
      position={Position.Bottom}
      style={count > 1 ? { left: `${((index + 1) * 100) / (count + 1)}%` } : undefined}
      role="img"
      aria-label={t('canvas:output', { name: layer.name })}
    />
  ))
}
