import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { readSamples } from '@/api/datasets'
import { predict } from '@/api/operators'
import type { OperatorView } from '@/client/types'
import { SampleShown } from '@/datasets/SampleShown'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { type Judged, judged, scoreOf, worstOf } from './judging'
import { SampleWalk } from './SampleWalk'
import { inputsOf, type TestData } from './useTestData'

/** More samples are work for an evaluate job. */
const MOST = 1000
/** Numbers that one question to the server may hold. */
const MOST_NUMBERS = 200_000
const SHOWN = 12

type Props = { readonly operator: OperatorView; readonly data: TestData }

/** The samples that the operator is most wrong about. */
export function WorstSamples({ operator, data }: Props) {
  const { t } = useTranslation()
  const [done, setDone] = useState(0)
  const [chosen, setChosen] = useState<number | null>(null)
  const count = Math.min(MOST, data.total)
  const query = useQuery({
    queryKey: ['worst', operator.name, operator.version, data.dataset.id],
    queryFn: ({ signal }) => judgedAll(operator, data, count, signal, setDone),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
  if (chosen !== null) {
    return (
      <>
        <Button onClick={() => setChosen(null)}>{t('predict:backToWorst')}</Button>
        <SampleWalk operator={operator} data={data} start={chosen} />
      </>
    )
  }
  if (query.error) {
    return <FailureBox title={t('predict:worstFailed')} error={query.error} again={query.refetch} />
  }
  if (!query.data) {
    const text = t('predict:judging', { done, count })
    return (
      <p role="status">
        {text} <progress value={done} max={count} aria-label={text} />
      </p>
    )
  }
  const { right, known } = scoreOf(query.data)
  const worst = worstOf(query.data, SHOWN)
  return (
    <>
      <p className="field-hint">
        {known > 0 ? t('predict:rightOf', { right, known, share: ((right / known) * 100).toFixed(1) }) : null}{' '}
        {count < data.total ? t('predict:firstOnly', { count, total: data.total }) : null}
      </p>
      <ol className="worst" aria-label={t('predict:worst')}>
        {worst.map(one => (
          <Worst key={one.sample.index} one={one} data={data} onChoose={() => setChosen(one.sample.index)} />
        ))}
      </ol>
    </>
  )
}

function Worst({ one, data, onChoose }: { one: Judged; data: TestData; onChoose: () => void }) {
  const { t } = useTranslation()
  const { sample, prediction, truth, right, loss } = one
  const said = prediction.class ?? JSON.stringify(prediction.values)
  return (
    <li>
      <button
        type="button"
        className={right === false ? 'worst-one worst-wrong' : 'worst-one'}
        data-sample={sample.index}
        onClick={onChoose}
        aria-label={t('predict:worstOne', { number: sample.index + 1, truth, said })}
      >
        <SampleShown sample={sample} features={data.dataset.schema.features} small />
        <span className="worst-said">{t(right ? 'predict:saidRight' : 'predict:saidNot', { said, truth })}</span>
        <span className="worst-loss">{t('predict:loss', { loss: loss.toFixed(2) })}</span>
      </button>
    </li>
  )
}

/** Predicts the first `count` samples, as many at a time as one question may hold. */
async function judgedAll(
  operator: OperatorView,
  { dataset, split }: TestData,
  count: number,
  signal: AbortSignal,
  onDone: (done: number) => void,
): Promise<Judged[]> {
  const numbers = dataset.schema.features.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
  const step = Math.max(1, Math.min(200, Math.floor(MOST_NUMBERS / Math.max(1, numbers))))
  const found: Judged[] = []
  for (let offset = 0; offset < count; offset += step) {
    const limit = Math.min(step, count - offset)
    const { items } = await readSamples({ id: dataset.id, split, offset, limit }, signal)
    if (items.length === 0) break
    const { predictions } = await predict(operator, inputsOf(items, operator), signal)
    for (const [at, prediction] of predictions.entries()) {
      const sample = items[at]
      if (sample) found.push(judged(sample, prediction, operator))
    }
    onDone(found.length)
  }
  return found
}
