import { useTranslation } from 'react-i18next'
import { useFeedback } from '@/api/FeedbackContext'
import { jumpTo } from '@/canvas/actions'
import { pathsApiV1SummaryPostParametersQueryOptimizerValues as OPTIMIZERS } from '@/client/schema'
import { renameModel } from '@/model/edit'
import { parseRef } from '@/model/refs'
import { countText } from '@/model/values'
import { edit, useSpec } from '@/store/editor'
import { usePreferences } from '@/store/preferences'
import { Field } from '@/ui/Field'
import { TextInput } from '@/ui/TextInput'
import { Facts } from './Facts'
import { FitMeter } from './FitMeter'

/** The network as a whole: name, totals, and whether it fits a device. */
export function NetworkPanel() {
  const { t } = useTranslation()
  const spec = useSpec()
  const { summary } = useFeedback()
  const number = (value: number | null | undefined) => (value == null ? t('panel:unknown') : value.toLocaleString())
  return (
    <>
      <Field label={t('canvas:name')}>
        {ids => (
          <TextInput
            {...ids}
            lazy
            value={spec.name}
            maxLength={200}
            onText={name => name.trim() && edit(doc => renameModel(doc, name))}
          />
        )}
      </Field>
      <h3>{t('panel:totals')}</h3>
      <Facts
        facts={[
          [t('panel:layers'), spec.layers.length.toLocaleString()],
          [t('panel:paramCount'), number(summary?.params)],
          [t('panel:trainable'), number(summary?.trainable_params)],
          [t('panel:nonTrainable'), number(summary?.non_trainable_params)],
          [t('panel:macs'), summary?.macs == null ? t('panel:unknown') : countText(summary.macs)],
        ]}
      />
      <h3>{t('panel:memory')}</h3>
      <LoadFields />
      <FitMeter summary={summary} />
      <h3>{t('panel:outputs')}</h3>
      <p className="chips">
        {spec.outputs.map(text => (
          <button key={text} type="button" className="chip" onClick={() => jumpTo(parseRef(text).layer)}>
            {text}
          </button>
        ))}
      </p>
    </>
  )
}

function LoadFields() {
  const { t } = useTranslation()
  const { batchSize, optimizer, deviceGiB } = usePreferences()
  return (
    <div className="field-row">
      <Field label={t('panel:batchSize')}>
        {ids => (
          <TextInput
            {...ids}
            lazy
            inputMode="numeric"
            value={String(batchSize)}
            onText={text => {
              const value = Number.parseInt(text, 10)
              if (value >= 1 && value <= 65_536) usePreferences.setState({ batchSize: value })
            }}
          />
        )}
      </Field>
      <Field label={t('panel:optimizer')}>
        {ids => (
          <select
            {...ids}
            className="input"
            value={optimizer}
            onChange={event => usePreferences.setState({ optimizer: event.target.value })}
          >
            {OPTIMIZERS.map(name => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label={`${t('panel:device')} (${t('panel:gib')})`}>
        {ids => (
          <TextInput
            {...ids}
            lazy
            inputMode="decimal"
            value={String(deviceGiB)}
            onText={text => {
              const value = Number(text)
              if (value > 0 && value <= 100_000) usePreferences.setState({ deviceGiB: value })
            }}
          />
        )}
      </Field>
    </div>
  )
}
