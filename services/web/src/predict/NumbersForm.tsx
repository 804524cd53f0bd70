import { FileUp } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { TensorSpec } from '@/client/types'
import { shapeText } from '@/model/values'
import { tellFailure } from '@/store/toasts'
import { Field } from '@/ui/Field'
import { samplesOf, TextProblem } from './numbers'
import { sampleSize } from './signature'
import type { Given } from './state'

type Props = { input: TensorSpec; value: Given; onChange: (change: Partial<Given>) => void; fills?: boolean }

/** Larger texts make the page slow, and are work for a predict job. */
const LARGEST = 4 * 1024 * 1024

/** Numbers as rows or JSON, typed, pasted or from a csv file. */
export function NumbersForm({ input, value, onChange, fills = false }: Props) {
  const { t } = useTranslation()
  const say = useTextProblem()
  const size = sampleSize(input)
  const hint = t('predict:numbersHint', {
    shape: shapeText(input.shape),
    dtype: input.dtype,
    count: size ?? 0,
    context: size === null ? 'free' : undefined,
  })
  const take = async (file: File | undefined) => {
    if (!file) return
    if (file.size > LARGEST) tellFailure(t('predict:tooLarge', { name: file.name }), new Error(t('predict:useJob')))
    else onChange({ text: await file.text() })
  }
  return (
    <Field
      label={t('predict:values')}
      hint={fills ? `${hint} ${t('predict:mayMiss')}` : hint}
      error={say(problemOf(value.text, input))}
    >
      {ids => (
        <>
          <textarea
            {...ids}
            className="input predict-numbers"
            rows={5}
            spellCheck={false}
            placeholder={placeholder(size)}
            value={value.text}
            onChange={event => onChange({ text: event.target.value })}
          />
          <label className="button button-plain file-button">
            <FileUp size={15} aria-hidden />
            {t('predict:csv')}
            <input
              type="file"
              accept=".csv,.txt,.tsv,.json,text/csv,application/json"
              className="visually-hidden"
              onChange={event => {
                take(event.target.files?.[0])
                event.target.value = ''
              }}
            />
          </label>
        </>
      )}
    </Field>
  )
}

function placeholder(size: number | null): string {
  const count = Math.min(size ?? 3, 4)
  const row = Array.from({ length: count }, (_, index) => (index * 0.5).toString()).join(', ')
  return size !== null && size > count ? `${row}, …` : row
}

/** What is wrong with a text as it stands; nothing with an empty one. */
function problemOf(text: string, input: TensorSpec): TextProblem | null {
  if (text.trim() === '') return null
  try {
    samplesOf(text, input)
    return null
  } catch (error) {
    if (error instanceof TextProblem) return error
    throw error
  }
}

/** The sentence for a problem of a text. */
export function useTextProblem(): (problem: TextProblem | null) => string | undefined {
  const { t } = useTranslation()
  return problem => {
    if (!problem) return undefined
    const { key, values } = problem
    if (key === 'json') return t('predict:badJson', values)
    if (key === 'number') return t('predict:badNumber', values)
    if (key === 'count') return t('predict:badCount', values)
    if (key === 'name') return t('predict:badName', values)
    return t('predict:badEmpty')
  }
}
