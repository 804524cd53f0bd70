import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Answer } from '@/api/operators'
import type { OperatorView, Prediction } from '@/client/types'

/** More bars than these say nothing; the best are shown. */
const MOST_BARS = 12

/** What the operator said of each sample. */
export function Result({ answer, operator }: { answer: Answer; operator: OperatorView }) {
  const { t } = useTranslation()
  const [wanted, setWanted] = useState(0)
  const at = Math.min(wanted, answer.predictions.length - 1)
  const prediction = answer.predictions[at]
  const count = answer.predictions.length
  const others = Object.entries(answer.answers ?? {})
  return (
    <section className="result" aria-label={t('predict:answer')} aria-live="polite">
      {count > 1 ? (
        <label className="result-pick">
          {t('predict:sample', { count })}
          <input
            type="number"
            className="input"
            min={1}
            max={count}
            value={at + 1}
            onChange={event => setWanted(Math.max(0, Math.min(count, Number(event.target.value)) - 1))}
          />
        </label>
      ) : null}
      {others.length > 0 ? <h3>{operator.signature.outputs[0]?.name}</h3> : null}
      {prediction ? <Said prediction={prediction} classes={operator.classes ?? null} /> : null}
      {others.map(([name, predictions]) => (
        <section key={name} aria-label={name} data-output={name}>
          <h3>{name}</h3>
          {predictions[at] ? (
            <Said prediction={predictions[at]} classes={operator.others?.[name]?.classes ?? null} />
          ) : null}
        </section>
      ))}
      <p className="result-time">
        {t('predict:took', { ms: answer.ms.toFixed(answer.ms < 10 ? 1 : 0), version: answer.version })}
      </p>
      <details>
        <summary>{t('predict:raw')}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
        <pre className="result-raw" tabIndex={0}>
          {JSON.stringify({ ...answer, ms: undefined, predictions: prediction ? [prediction] : [] }, null, 2)}
        </pre>
      </details>
    </section>
  )
}

function Said({ prediction, classes }: { prediction: Prediction; classes: readonly string[] | null }) {
  const { t } = useTranslation()
  const { scores } = prediction
  if (!scores) return <pre className="result-values">{valuesText(prediction.values)}</pre>
  const named = scores.map((score, index) => ({ index, score, name: classes?.[index] ?? String(index) }))
  const best = [...named].sort((a, b) => b.score - a.score).slice(0, MOST_BARS)
  const shown = named.length > MOST_BARS ? best : named
  return (
    <>
      <p className="result-said">
        <strong>{prediction.class}</strong>
        <span>{percent(prediction.score ?? 0)}</span>
      </p>
      <ul className="bars" aria-label={t('predict:scores')}>
        {shown.map(({ index, name, score }) => (
          <li key={index} className={index === prediction.index ? 'bar bar-best' : 'bar'}>
            <span className="bar-name" title={name}>
              {name}
            </span>
            <meter min={0} max={1} value={score} aria-label={name} />
            <span className="bar-score">{percent(score)}</span>
          </li>
        ))}
      </ul>
      {named.length > MOST_BARS ? <p className="field-hint">{t('predict:best', { count: MOST_BARS })}</p> : null}
    </>
  )
}

const percent = (score: number) => `${(score * 100).toFixed(1)} %`

function valuesText(values: unknown): string {
  const text = JSON.stringify(values, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value))
  return text.length > 4000 ? `${text.slice(0, 4000)} …` : text
}
