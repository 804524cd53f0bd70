import { useTranslation } from 'react-i18next'
import { useFeedback } from '@/api/FeedbackContext'
import type { Layer, LayerParam, LayerType } from '@/client/types'
import { useTold } from '@/i18n/told'
import { setParam } from '@/model/edit'
import { edit } from '@/store/editor'
import { ParamField } from './fields/ParamField'

/** Kinds and names that few people touch: folded away until they are set. */
const ADVANCED_KINDS = new Set(['initializer', 'regularizer', 'constraint'])
const ADVANCED_NAMES = new Set(['trainable', 'seed', 'dtype', 'groups', 'dilation_rate', 'use_bias', 'noise_shape'])

const isAdvanced = (param: LayerParam) =>
  !param.required &&
  (ADVANCED_KINDS.has(param.kind) || ADVANCED_KINDS.has(param.of?.kind ?? '') || ADVANCED_NAMES.has(param.name))

/** A field for every parameter that the catalogue declares. */
export function ParamForm({ layer, type }: { layer: Layer; type: LayerType }) {
  const { t } = useTranslation()
  const plain = type.params.filter(param => !isAdvanced(param))
  const advanced = type.params.filter(isAdvanced)
  const touched = advanced.some(param => param.name in (layer.params ?? {}))
  return (
    <section className="params">
      <h3>{t('panel:params')}</h3>
      {type.params.length === 0 ? <p className="field-hint">{t('panel:noParams')}</p> : null}
      {plain.map(param => (
        <Param key={param.name} layer={layer} param={param} />
      ))}
      {advanced.length > 0 ? (
        <details open={touched || undefined}>
          <summary>{t('panel:advanced')}</summary>
          {advanced.map(param => (
            <Param key={param.name} layer={layer} param={param} />
          ))}
        </details>
      ) : null}
    </section>
  )
}

function Param({ layer, param }: { layer: Layer; param: LayerParam }) {
  const told = useTold()
  const problem = useFeedback().problems.find(one => one.where.layer === layer.name && one.where.param === param.name)
  return (
    <ParamField
      param={param}
      value={layer.params?.[param.name]}
      error={problem && told(problem.rule)}
      onValue={value => edit(doc => setParam(doc, layer.name, param.name, value), `${layer.name}.${param.name}`)}
    />
  )
}
