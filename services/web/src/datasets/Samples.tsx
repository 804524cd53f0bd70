import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSamples } from '@/api/datasets'
import type { DatasetView, FeatureSchema, Sample } from '@/client/types'
import { IconButton } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { pictureShape } from './picture'
import { labelText, numbersText, Picture } from './SampleShown'

const PAGE = 24

/** Samples as they were stored, page by page: pictures where they are pictures, numbers otherwise. */
export function Samples({ dataset }: { dataset: DatasetView }) {
  const { t } = useTranslation()
  const [split, setSplit] = useState<'train' | 'test'>('train')
  const [offset, setOffset] = useState(0)
  const { data, error, refetch } = useSamples({ id: dataset.id, split, offset, limit: PAGE })
  const total = dataset.splits[split] ?? 0
  const picture = dataset.schema.features.find(one => pictureShape(one.shape))
  const last = Math.min(offset + PAGE, total)
  return (
    <section className="card">
      <header className="samples-head">
        <h2>{t('datasets:samples')}</h2>
        <div className="bar-space" />
        {dataset.splits.test ? (
          <select
            className="input"
            aria-label={t('datasets:split')}
            value={split}
            onChange={event => {
              setSplit(event.target.value as 'train' | 'test')
              setOffset(0)
            }}
          >
            <option value="train">{t('datasets:train')}</option>
            <option value="test">{t('datasets:test')}</option>
          </select>
        ) : null}
        <span role="status">{t('datasets:range_of', { first: total ? offset + 1 : 0, last, total })}</span>
        <IconButton label={t('datasets:earlier')} disabled={offset === 0} onClick={() => setOffset(offset - PAGE)}>
          <ChevronLeft size={16} aria-hidden />
        </IconButton>
        <IconButton label={t('datasets:later')} disabled={last >= total} onClick={() => setOffset(offset + PAGE)}>
          <ChevronRight size={16} aria-hidden />
        </IconButton>
      </header>
      {error ? <FailureBox title={t('datasets:samplesFailed')} error={error} again={refetch} /> : null}
      {data && picture ? <Pictures items={data.items} feature={picture} /> : null}
      {data && !picture ? <Numbers items={data.items} features={dataset.schema.features} /> : null}
    </section>
  )
}

function Pictures({ items, feature }: { items: readonly Sample[]; feature: FeatureSchema }) {
  return (
    <ul className="samples-grid">
      {items.map(item => (
        <li key={item.index}>
          <Picture values={item.inputs[feature.name]} feature={feature} text={`${item.index}: ${labelText(item)}`} />
          <span>{labelText(item)}</span>
        </li>
      ))}
    </ul>
  )
}

function Numbers({ items, features }: { items: readonly Sample[]; features: readonly FeatureSchema[] }) {
  const { t } = useTranslation()
  return (
    <div className="samples-table">
      <table className="sheet-table">
        <thead>
          <tr>
            <th scope="col">{t('datasets:index')}</th>
            {features.map(one => (
              <th key={one.name} scope="col">
                {one.name}
              </th>
            ))}
            <th scope="col">{t('datasets:label')}</th>
          </tr>
        </thead>
        <tbody>
          {items.map(item => (
            <tr key={item.index}>
              <td>{item.index}</td>
              {features.map(one => (
                <td key={one.name}>{numbersText(item.inputs[one.name])}</td>
              ))}
              <td>{labelText(item)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
