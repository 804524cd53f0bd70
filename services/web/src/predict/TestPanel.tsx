import { Tabs } from '@base-ui/react/tabs'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Samples } from '@/api/operators'
import type { OperatorView } from '@/client/types'
import { AnswerTo } from './AnswerTo'
import { InputForm } from './InputForm'
import { TextProblem } from './numbers'
import './predict.css'
import { given } from './samples'
import { pictureForm } from './signature'
import { type AllGiven, give, NOTHING_GIVEN, useGiven } from './state'
import { SampleWalk } from './walk/SampleWalk'
import { useTestData } from './walk/useTestData'
import { WorstSamples } from './walk/WorstSamples'
import './walk/walk.css'

const WAIT_MS = 150

/** Give an operator's inputs a drawing, a picture or numbers, or walk through samples that it was not trained on. */
export function TestPanel({ operator }: { operator: OperatorView }) {
  const { t } = useTranslation()
  const [source, setSource] = useState('own')
  const data = useTestData(operator)
  return (
    <Tabs.Root value={source} onValueChange={value => setSource(String(value))}>
      <Tabs.List className="tab-list predict-ways">
        <Tabs.Tab className="tab" value="own">
          {t('predict:own')}
        </Tabs.Tab>
        {data ? (
          <>
            <Tabs.Tab className="tab" value="walk">
              {t('predict:walk')}
            </Tabs.Tab>
            <Tabs.Tab className="tab" value="worst">
              {t('predict:worst')}
            </Tabs.Tab>
          </>
        ) : null}
      </Tabs.List>
      <Tabs.Panel value="own">
        <OwnInput operator={operator} />
      </Tabs.Panel>
      {data ? (
        <>
          <Tabs.Panel value="walk">
            <SampleWalk key={operator.version} operator={operator} data={data} />
          </Tabs.Panel>
          <Tabs.Panel value="worst">
            <WorstSamples key={operator.version} operator={operator} data={data} />
          </Tabs.Panel>
        </>
      ) : null}
    </Tabs.Root>
  )
}

function OwnInput({ operator }: { operator: OperatorView }) {
  const { inputs } = operator.signature
  const values = useGiven(operator)
  const samples = useQuiet(useSamples(operator, values))
  return (
    <div className="predict">
      <div className="predict-inputs">
        {inputs.map(input => (
          <InputForm
            key={input.name}
            input={input}
            named={inputs.length > 1}
            fills={operator.preprocessing[input.name]?.some(({ step }) => step === 'fill')}
            value={values[input.name] ?? NOTHING_GIVEN}
            onChange={change => give(operator, input.name, change)}
          />
        ))}
      </div>
      <AnswerTo operator={operator} samples={samples} />
    </div>
  )
}

/** The request's samples; null until every input has one, and while a text is wrong. */
function useSamples(operator: OperatorView, values: AllGiven): Samples | null {
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
