import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { idOf } from '@/api/identity'
import { predict, type Samples } from '@/api/operators'
import type { OperatorView } from '@/client/types'
import { FailureBox } from '@/ui/Failure'
import { InputForm } from './InputForm'
import { TextProblem } from './numbers'
import './predict.css'
import { Result } from './Result'
import { given } from './samples'
import { pictureForm } from './signature'
import { type Given, NOTHING_GIVEN } from './state'

const WAIT_MS = 150

/** Give an operator's inputs a drawing, a picture or numbers: the answer follows by itself. */
export function TestPanel({ operator }: { operator: OperatorView }) {
  const { t } = useTranslation()
  const { inputs } = operator.signature
  const [values, setValues] = useState<Readonly<Record<string, Given>>>({})
  const samples = useQuiet(useSamples(operator, values))
  const query = useQuery({
    queryKey: ['predict', operator.name, operator.version, samples && idOf(samples)],
    queryFn: ({ signal }) => predict(operator, samples ?? {}, signal),
    enabled: samples !== null,
    placeholderData: keepPreviousData,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  })
  return (
    <div className="predict">
      <div className="predict-inputs">
        {inputs.map(input => (
          <InputForm
            key={input.name}
            input={input}
            named={inputs.length > 1}
            value={values[input.name] ?? NOTHING_GIVEN}
            onValue={value => setValues(before => ({ ...before, [input.name]: value }))}
          />
        ))}
      </div>
      <div className="predict-answer">
        {query.error ? (
          <FailureBox title={t('predict:failed')} error={query.error}>
            <button type="button" className="button button-plain" onClick={() => query.refetch()}>
              {t('app:retry')}
            </button>
          </FailureBox>
        ) : samples && query.data ? (
          <Result answer={query.data} operator={operator} />
        ) : (
          <p className="panel-empty">{samples ? t('app:loading') : t('predict:nothingYet')}</p>
        )}
      </div>
    </div>
  )
}

/** The request's samples; null until every input has one, and while a text is wrong. */
function useSamples(operator: OperatorView, values: Readonly<Record<string, Given>>): Samples | null {
  return useMemo(() => {
    try {
      const made = operator.signature.inputs.map(input => {
        const value = values[input.name] ?? NOTHING_GIVEN
        return [input.name, given(input, value, pictureForm(input))] as const
      })
      return made.every(([, samples]) => samples !== null) ? (Object.fromEntries(made) as Samples) : null
    } catch (error) {
      if (error instanceof TextProblem) return null
      throw error
    }
  }, [operator, values])
}

/** The value once it rests; at once where it becomes empty. */
function useQuiet(value: Samples | null): Samples | null {
  const [late, setLate] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setLate(value), WAIT_MS)
    return () => clearTimeout(timer)
  }, [value])
  return value === null ? null : late
}
