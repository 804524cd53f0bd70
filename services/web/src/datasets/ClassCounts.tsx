import { useTranslation } from 'react-i18next'
import { useClassCounts } from '@/api/datasets'
import type { DatasetView } from '@/client/types'
import { FailureBox } from '@/ui/Failure'

/** More rows than these are too many to be looked at. */
const SHOWN = 100

/** How many samples each class has in each split, as bars of one scale. */
export function ClassCounts({ dataset }: { dataset: DatasetView }) {
  const { t } = useTranslation()
  const { data, error, refetch } = useClassCounts(dataset.id, Boolean(dataset.schema.label?.n_classes))
  if (error) return <FailureBox title={t('datasets:countsFailed')} error={error} again={refetch} />
  if (!data || data.items.length === 0) return null
  const splits = Object.keys(dataset.splits)
  const most = Math.max(1, ...data.items.flatMap(one => Object.values(one.counts)))
  return (
    <section className="card">
      <h2>{t('datasets:classCounts')}</h2>
      <table className="sheet-table class-counts">
        <thead>
          <tr>
            <th scope="col">{t('datasets:class')}</th>
            {splits.map(split => (
              <th key={split} scope="col">
                {t(`datasets:${split}`, { defaultValue: split })}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.items.slice(0, SHOWN).map(({ index, name, counts }) => (
            <tr key={index}>
              <th scope="row">{name}</th>
              {splits.map(split => (
                <td key={split}>
                  <meter min={0} max={most} value={counts[split] ?? 0} aria-label={`${name}, ${split}`} />
                  {(counts[split] ?? 0).toLocaleString()}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {data.items.length > SHOWN ? <p className="field-hint">{t('datasets:firstClasses', { count: SHOWN })}</p> : null}
    </section>
  )
}
