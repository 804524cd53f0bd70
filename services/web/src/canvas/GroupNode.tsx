import { Handle, type NodeProps, Position } from '@xyflow/react'
import { ChevronDown, ChevronRight, CircleAlert } from 'lucide-react'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { countText } from '@/model/values'
import { toggleFold } from './actions'
import './groups.css'
import type { GroupData, GroupNodeType } from './nodes'

/** A folded group: one node with the edges of all its layers. */
export const GroupNode = memo(function GroupNode({ data, selected }: NodeProps<GroupNodeType>) {
  const { t } = useTranslation()
  const classes = ['layer folded', data.bad > 0 ? 'bad' : '', selected ? 'chosen' : '']
  return (
    <div className={classes.filter(Boolean).join(' ')} data-group={data.name}>
      <Handle type="target" id="i" position={Position.Top} isConnectable={false} />
      <div className="layer-row">
        <Fold data={data} folded />
        <span className="layer-type">{data.name}</span>
        {data.bad > 0 ? (
          <CircleAlert size={14} className="mark-bad" aria-label={t('canvas:problems', { count: data.bad })} />
        ) : null}
        {data.params > 0 ? <span className="layer-count">{countText(data.params)}</span> : null}
      </div>
      <div className="layer-row layer-minor">
        <span className="layer-name">{t('canvas:groupOf', { count: data.layers })}</span>
      </div>
      <Handle type="source" id="o0" position={Position.Bottom} isConnectable={false} />
    </div>
  )
})

/** An open group: a frame behind its layers, with its name. */
export const FrameNode = memo(function FrameNode({ data }: NodeProps<GroupNodeType>) {
  return (
    <div className="frame" data-frame={data.name}>
      <div className="frame-head">
        <Fold data={data} folded={false} />
        <span>{data.name}</span>
      </div>
    </div>
  )
})

function Fold({ data, folded }: { data: GroupData; folded: boolean }) {
  const { t } = useTranslation()
  const label = t(folded ? 'canvas:unfold' : 'canvas:fold', { name: data.name })
  const Icon = folded ? ChevronRight : ChevronDown
  return (
    <button
      type="button"
      className="fold nodrag"
      aria-label={label}
      title={label}
      aria-expanded={!folded}
      onClick={event => {
        event.stopPropagation()
        toggleFold(data.name)
      }}
    >
      <Icon size={15} aria-hidden />
    </button>
  )
}
