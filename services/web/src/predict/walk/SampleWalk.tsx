import { ChevronLeft, ChevronRight, Shuffle } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSamples } from '@/api/datasets'
import type { OperatorView } from '@/client/types'
import { SampleShown } from '@/datasets/SampleShown'
import { IconButton } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { TextInput } from '@/ui/TextInput'
import { AnswerTo } from '../AnswerTo'
import { endsOf } from './ends'
import { truthOf } from './judging'
import { inputsOf, type TestData } from './useTestData'

type Props = { readonly operator: OperatorView; readonly data: TestData; readonly start?: number }

/** One sample after the other, with what is right and what the operator says. */
export function SampleWalk({ operator, data: { dataset, split, total }, start = 0 }: Props) {
  const { t } = useTranslation()
  const [at, setAt] = useState(start)
  const ends = endsOf(operator)
  const { data, error, refetch, isPlaceholderData } = useSamples({ id: dataset.id, split, offset: at, limit: 1 })
  const sample = isPlaceholderData ? undefined : data?.items[0]
  const samples = useMemo(() => (sample ? inputsOf([sample], operator) : null), [sample, operator])
  const go = (to: number) => setAt(Math.max(0, Math.min(total - 1, to)))
  return (
    <div className="predict" data-sample={sample?.index}>
      <div className="predict-inputs">
        <div className="walk-bar" role="toolbar" aria-label={t('predict:walk')}>
          <IconButton label={t('predict:before')} disabled={at === 0} onClick={() => go(at - 1)}>
            <ChevronLeft size={16} aria-hidden />
          </IconButton>
          <TextInput
            lazy
            inputMode="numeric"
            aria-label={t('predict:sampleNumber', { total })}
            value={String(at + 1)}
            onText={text => Number.isInteger(Number(text)) && go(Number(text) - 1)}
          />
          <span>{t('predict:ofTotal', { total })}</span>
          <IconButton label={t('predict:after')} disabled={at >= total - 1} onClick={() => go(at + 1)}>
            <ChevronRight size={16} aria-hidden />
          </IconButton>
          <IconButton label={t('predict:anySample')} onClick={() => go(Math.floor(Math.random() * total))}>
            <Shuffle size={16} aria-hidden />
          </IconButton>
        </div>
        <p className="field-hint">
          {t(split === 'test' ? 'predict:testSplit' : 'predict:trainSplit', { name: dataset.name })}
        </p>
        {error ? <FailureBox title={t('datasets:samplesFailed')} error={error} again={refetch} /> : null}
        {sample ? (
          <>
            <SampleShown sample={sample} features={dataset.schema.features} />
            <p className="walk-truth">
              {t('predict:truth')}{' '}
              {ends.map(end => (
                <span key={end.name} className="walk-right">
                  {ends.length > 1 ? end.name : null} <strong>{truthOf(sample, end)}</strong>
                </span>
              ))}
            </p>
          </>
        ) : null}
      </div>
      <AnswerTo operator={operator} samples={samples} />
    </div>
  )
}
