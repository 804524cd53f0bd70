import { useTranslation } from 'react-i18next'
import { useTrainedOf } from '@/api/jobs'
import { whenText } from '@/library/When'
import { useEditor } from '@/store/editor'
import { Field } from '@/ui/Field'

/** Where a drawn network's weights come from: nowhere, a seed, or a job that trained it (its id). */
export type WeightsFrom = '' | 'first' | (string & {})

/** `lacking`: the format was refused for want of them. */
type Props = { from: WeightsFrom; onFrom: (from: WeightsFrom) => void; lacking: boolean }

/** The weights that an export carries; a network on the canvas has none of its own. */
export function WeightsChoice({ from, onFrom, lacking }: Props) {
  const { t, i18n } = useTranslation()
  const origin = useEditor(state => state.origin)
  const jobs = useTrainedOf(origin?.id ?? null).data ?? []
  return (
    <Field
      label={t('files:weights')}
      hint={from === 'first' ? t('files:weightsFirstHint') : undefined}
      error={lacking ? t('files:weightsNeeded') : undefined}
    >
      {ids => (
        <select {...ids} className="input" value={from} onChange={event => onFrom(event.target.value)}>
          <option value="">{t('files:weightsNone')}</option>
          <option value="first">{t('files:weightsFirst')}</option>
          {jobs.map(job => (
            <option key={job.id} value={job.id}>
              {t('files:weightsOf', { job: job.id, when: whenText(job.created_at, i18n.language) })}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}
