import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { readSamples } from '@/api/datasets'
import { predict } from '@/api/operators'
import type { OperatorView, Prediction, Sample } from '@/client/types'
import { SampleShown } from '@/datasets/SampleShown'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { Field } from '@/ui/Field'
import { type End, endsOf, saidAt, shortText } from './ends'
import { type Judged, judged, scoreOf, worstOf } from './judging'
import { SampleWalk } from './SampleWalk'
import { inputsOf, type TestData } from './useTestData'

/** More samples are work for an evaluate job. */
const MOST = 1000
/** Numbers that one question to the server may hold. */
const MOST_NUMBERS = 200_000
const SHOWN = 12

/** A sample with what each output said of it. */
type Answered = { readonly sample: Sample; readonly said: readonly Prediction[] }

type Props = { readonly operator: OperatorView; readonly data: TestData }

/** The samples that the operator is most wrong about: one of its outputs, which can be chosen. */
export function WorstSamples({ operator, data }: Props) {
  const { t } = useTranslation()
  const [done, setDone] = useState(0)
  const [chosen, setChosen] = useState<number | null>(null)
  const [wanted, setWanted] = useState('')
  const count = Math.min(MOST, data.total)
  const query = useQuery({
    queryKey: ['worst', operator.name, operator.version, data.dataset.id],
    queryFn: ({ signal }) => answersTo(operator, data, count, signal, setDone),
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
  const ends = endsOf(operator)
  const place = Math.max(
    0,
    ends.findIndex(({ name }) => name === wanted),
  )
  const end = ends[place] ?? ends[0]
  const all = judgedBy(query.data, end, place)
  const { right, known } = scoreOf(all)
  const worst = worstOf(all, SHOWN)
  return (
    <>
      {ends.length > 1 ? <OutputChoice ends={ends} chosen={end.name} onChoose={setWanted} /> : null}
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
  const said = prediction.class ?? shortText(prediction.values)
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

/** Which output is judged. */
function OutputChoice(props: { ends: readonly End[]; chosen: string; onChoose: (name: string) => void }) {
  const { t } = useTranslation()
  return (
    <Field label={t('predict:judgedOutput')}>
      {ids => (
        <select {...ids} className="input" value={props.chosen} onChange={({ target }) => props.onChoose(target.value)}>
          {props.ends.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

const judgedBy = (answered: readonly Answered[], end: End, place: number): Judged[] =>
  answered.flatMap(({ sample, said }) => {
    const prediction = said[place]
    return prediction ? [judged(sample, prediction, end)] : []
  })

/** Predicts the first `count` samples, as many at a time as one question may hold. */
async function answersTo(
  operator: OperatorView,
  { dataset, split }: TestData,
  count: number,
  signal: AbortSignal,
  onDone: (done: number) => void,
): Promise<Answered[]> {
  const numbers = dataset.schema.features.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
  const step = Math.max(1, Math.min(200, Math.floor(MOST_NUMBERS / Math.max(1, numbers))))
  const found: Answered[] = []
  for (let offset = 0; offset < count; offset += step) {
    const limit = Math.min(step, count - offset)
    const { items } = await readSamples({ id: dataset.id, split, offset, limit }, signal)
    if (items.length === 0) break
    const answer = await predict(operator, inputsOf(items, operator), signal)
    found.push(...items.map((sample, at) => ({ sample, said: saidAt(answer, at) })))
    onDone(found.length)
  }
  return found
}
