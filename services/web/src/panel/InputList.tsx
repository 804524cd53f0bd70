import { ArrowUp, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useCatalogue } from '@/api/catalogue'
import { jumpTo } from '@/canvas/actions'
import type { Layer } from '@/client/types'
import { connect, disconnect, moveInput } from '@/model/edit'
import { takesInput, validSources } from '@/model/graph'
import { parseRef } from '@/model/refs'
import { edit, useSpec } from '@/store/editor'
import { IconButton } from '@/ui/Button'

/** What feeds the layer, in order; the way to connect without a pointer. */
export function InputList({ layer, most }: { layer: Layer; most: number | null }) {
  const { t } = useTranslation()
  return (
    <section className="inputs">
      <h3>{t('panel:inputs')}</h3>
      {most === 0 ? <p className="field-hint">{t('panel:noInputs')}</p> : null}
      {most !== 0 && layer.inputs.length === 0 ? <p className="field-hint">{t('panel:noInputsYet')}</p> : null}
      <ol>
        {layer.inputs.map((text, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an input is its index
          <InputRow key={`${index} ${text}`} layer={layer} text={text} index={index} />
        ))}
      </ol>
      {most === 0 ? null : <AddInput layer={layer} />}
    </section>
  )
}

function InputRow({ layer, text, index }: { layer: Layer; text: string; index: number }) {
  const { t } = useTranslation()
  return (
    <li className="input-row">
      <button type="button" className="chip" onClick={() => jumpTo(parseRef(text).layer)}>
        {text}
      </button>
      {index > 0 ? (
        <IconButton
          label={t('panel:earlier', { name: text })}
          onClick={() => edit(doc => moveInput(doc, layer.name, index, index - 1))}
        >
          <ArrowUp size={14} aria-hidden />
        </IconButton>
      ) : null}
      <IconButton
        label={t('panel:removeInput', { name: text })}
        onClick={() => edit(doc => disconnect(doc, [{ target: layer.name, input: index }]))}
      >
        <X size={14} aria-hidden />
      </IconButton>
    </li>
  )
}

function AddInput({ layer }: { layer: Layer }) {
  const { t } = useTranslation()
  const spec = useSpec()
  const { byType } = useCatalogue()
  if (!takesInput(layer, byType)) return null
  const sources = validSources(spec, layer.name)
  if (sources.length === 0) return null
  return (
    <select
      className="input"
      aria-label={t('panel:addInput')}
      value=""
      onChange={event => edit(doc => connect(doc, event.target.value, 0, layer.name, byType))}
    >
      <option value="">{`+ ${t('panel:addInput')}`}</option>
      {sources.map(name => (
        <option key={name}>{name}</option>
      ))}
    </select>
  )
}
