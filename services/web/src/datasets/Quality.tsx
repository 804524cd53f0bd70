import { ImageDown } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { samplesPicture, useQuality } from '@/api/known'
import type { DatasetView, QualityView } from '@/client/types'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { Divide } from './Divide'

/** So many classes are drawn; more are counted. */
const SHOWN = 40

/** Balance of classes and what is odd, asked for by a press: the server looks at every sample. */
export function Quality({ dataset }: { dataset: DatasetView }) {
  const { t } = useTranslation()
  const [wanted, setWanted] = useState(false)
  const { data, error, refetch, isFetching } = useQuality(dataset.id, wanted)
  return (
    <section className="card">
      <h2>{t('known:quality')}</h2>
      {data ? <Found quality={data} /> : null}
      {error ? (
        <FailureBox title={t('known:qualityFailed')} error={error}>
          <Button onClick={() => refetch()}>{t('app:retry')}</Button>
        </FailureBox>
      ) : null}
      <div className="actions">
        {data || error ? null : (
          <Button disabled={isFetching} onClick={() => setWanted(true)}>
            {isFetching ? t('app:loading') : t('known:judge')}
          </Button>
        )}
        <a className="button button-plain" href={samplesPicture(dataset.id, 'train')} download={`${dataset.name}.png`}>
          <ImageDown size={15} aria-hidden />
          {t('known:picture')}
        </a>
      </div>
      <Divide dataset={dataset} />
    </section>
  )
}

function Found({ quality }: { quality: QualityView }) {
  const { t } = useTranslation()
  const { oddities, classes } = quality
  return (
    <>
      {oddities.length === 0 ? <p className="dataset-note">{t('known:nothingOdd')}</p> : null}
      <ul className="oddities">
        {oddities.map(one => (
          <li key={`${one.kind} ${one.text}`} className={`oddity-${one.severity}`}>
            {one.text}
            {one.examples.length > 0 ? (
              <span className="dataset-note"> ({one.examples.slice(0, 5).join('; ')})</span>
            ) : null}
            {one.hint ? <p className="dataset-note">{one.hint}</p> : null}
          </li>
        ))}
      </ul>
      {Object.entries(classes).map(([split, counts]) => (
        <Balance key={split} split={split} counts={counts} />
      ))}
    </>
  )
}

/** A bar for each class, as long as its share of the largest. */
function Balance({ split, counts }: { split: string; counts: Readonly<Record<string, number>> }) {
  const { t } = useTranslation()
  const rows = Object.entries(counts)
  const most = Math.max(1, ...rows.map(([, count]) => count))
  return (
    <table className="balance">
      <caption>{t(`datasets:${split}`, { defaultValue: split })}</caption>
      <tbody>
        {rows.slice(0, SHOWN).map(([name, count]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td className="balance-bar">
              <span style={{ width: `${(100 * count) / most}%` }} />
            </td>
            <td className="number">{count.toLocaleString()}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
