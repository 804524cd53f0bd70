import { ImageDown } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { samplesPicture, useQuality } from '@/api/known'
import type { DatasetView, QualityView } from '@/client/types'
import { useTold } from '@/i18n/told'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { Divide } from './Divide'

/** What is odd, asked for by a press: the server looks at every sample. */
export function Quality({ dataset }: { dataset: DatasetView }) {
  const { t } = useTranslation()
  const [wanted, setWanted] = useState(false)
  const { data, error, refetch, isFetching } = useQuality(dataset.id, wanted)
  return (
    <section className="card">
      <h2>{t('known:quality')}</h2>
      {data ? <Found quality={data} /> : null}
      {error ? <FailureBox title={t('known:qualityFailed')} error={error} again={refetch} /> : null}
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
  const told = useTold()
  const { oddities } = quality
  return (
    <>
      {oddities.length === 0 ? <p className="dataset-note">{t('known:nothingOdd')}</p> : null}
      <ul className="oddities">
        {oddities.map(one => (
          <li key={`${one.kind} ${one.text}`} className={`oddity-${one.severity}`}>
            {told(one.text)}
            {one.examples.length > 0 ? (
              <span className="dataset-note"> ({one.examples.slice(0, 5).join('; ')})</span>
            ) : null}
            {one.hint ? <p className="dataset-note">{told(one.hint)}</p> : null}
          </li>
        ))}
      </ul>
    </>
  )
}
