import { useTranslation } from 'react-i18next'
import { useClassCounts } from '@/api/datasets'
import type { ClassCount, DatasetView } from '@/client/types'
import { FailureBox } from '@/ui/Failure'

/** More rows than these are too many to be looked at. */
const SHOWN = 100

/** How many samples each class has in each split, as bars of one scale. */
export function ClassCounts({ dataset }: { dataset: DatasetView }) {
  const { t } = useTranslation()
  const { labels } = dataset.schema
  const { data, error, refetch } = useClassCounts(
    dataset.id,
    labels.some(label => Boolean(label.n_classes)),
  )
  if (error) return <FailureBox title={t('datasets:countsFailed')} error={error} again={refetch} />
  const counted = Object.entries(data?.labels ?? {}).filter(([, items]) => items.length > 0)
  return counted.map(([name, items]) => (
    <Counts key={name} items={items} splits={Object.keys(dataset.splits)} of={labels.length > 1 ? name : null} />
  ))
}

type Props = { readonly items: readonly ClassCount[]; readonly splits: readonly string[]; readonly of: string | null }

/** `of` names the labels where there are several. */
function Counts({ items, splits, of }: Props) {
  const { t } = useTranslation()
  const most = Math.max(1, ...items.flatMap(one => Object.values(one.counts)))
  return (
    <section className="card">
      <h2>{of === null ? t('datasets:classCounts') : t('datasets:countsOf', { name: of })}</h2>
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
          {items.slice(0, SHOWN).map(({ index, name, counts }) => (
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
      {items.length > SHOWN ? <p className="field-hint">{t('datasets:firstClasses', { count: SHOWN })}</p> : null}
    </section>
  )
}
