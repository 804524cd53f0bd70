import { Handle, type NodeProps, Position } from '@xyflow/react'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { useChosen } from './chosen'
import type { DiffNodeType } from './nodes'
import { SIGNS } from './signs'
import { changeTexts, useFates } from './texts'

/** A layer of two versions: a sign, a word and a border say what became of it. */
export const DiffNode = memo(function DiffNode({ id, data }: NodeProps<DiffNodeType>) {
  const { t } = useTranslation()
  const words = useFates()
  const { layer, fate, told, outputs } = data
  const chosen = useChosen(state => state.name === id)
  const changes = told ? changeTexts(told).filter(text => !text.startsWith('inputs: ')) : [] // edges say that
  const was = told?.before_name && told.before_name !== layer.name ? told.before_name : null
  return (
    <div
      className={`diff-node diff-node-${fate} ${chosen ? 'chosen' : ''}`}
      data-layer={id}
      data-fate={fate}
      title={changes.join('\n')}
    >
      <Handle type="target" id="i" position={Position.Top} isConnectable={false} />
      <div className="diff-node-head">
        {fate === 'same' ? null : <span className="diff-sign">{SIGNS[fate]}</span>}
        <strong>{layer.type}</strong>
        {fate === 'same' ? null : <span className="diff-word">{words[fate]}</span>}
      </div>
      <div className="diff-node-line">{was ? t('library:nowCalled', { was, now: layer.name }) : layer.name}</div>
      {changes.length > 0 ? (
        <div className="diff-node-line diff-node-change">
          <span>{changes[0]}</span>
          {changes.length > 1 ? <b>+{changes.length - 1}</b> : null}
        </div>
      ) : null}
      {Array.from({ length: outputs }, (_, index) => (
        <Handle
          // biome-ignore lint/suspicious/noArrayIndexKey: an output is its index
          key={index}
          type="source"
          id={`o${index}`}
          position={Position.Bottom}
          isConnectable={false}
          style={outputs > 1 ? { left: `${((index + 1) * 100) / (outputs + 1)}%` } : undefined}
        />
      ))}
    </div>
  )
})
