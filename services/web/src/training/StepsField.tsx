import { ArrowUp, Plus, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { RecipeField } from '@/client/types'
import { useTold } from '@/i18n/told'
import { IconButton } from '@/ui/Button'
import { Field } from '@/ui/Field'
import { type Step, stepsOf, withoutStep, withStep } from './steps'

type Props = {
  readonly field: RecipeField
  readonly value: unknown
  readonly error: string | undefined
  readonly onValue: (value: unknown) => void
  /** Draws a field of the step at `index`. */
  readonly draw: (one: RecipeField, index: number, value: unknown, onValue: (value: unknown) => void) => ReactNode
}

/** A list of steps in their order, each with fields of its own. */
export function StepsField({ field, value, error, onValue, draw }: Props) {
  const { t } = useTranslation()
  const told = useTold()
  const steps = stepsOf(value)
  const change = (next: readonly Step[]) => onValue(next.length > 0 ? next : undefined)
  return (
    <>
      <Field label={t(`steps:${field.name}`, { defaultValue: field.name })} hint={told(field.doc)} error={error}>
        {ids => (
          <span className="switch-row">
            <Plus size={14} aria-hidden />
            <select
              {...ids}
              className="input"
              value=""
              onChange={({ target }) => target.value && change([...steps, { step: target.value }])}
            >
              <option value="">{t('steps:add')}</option>
              {(field.choices ?? []).map(one => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </span>
        )}
      </Field>
      {steps.map((step, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same step may come twice; its place is what it is known by
        <div key={index} className="recipe-inner">
          <div className="switch-row">
            <b>
              {index + 1}. {step.step}
            </b>
            <div className="bar-space" />
            <IconButton
              label={t('steps:earlier')}
              disabled={index === 0}
              onClick={() => change(withStep(withoutStep(steps, index), index - 1, step))}
            >
              <ArrowUp size={13} aria-hidden />
            </IconButton>
            <IconButton label={t('steps:remove')} onClick={() => change(withoutStep(steps, index))}>
              <X size={13} aria-hidden />
            </IconButton>
          </div>
          {(field.options?.[step.step] ?? []).map(one =>
            draw(one, index, step[one.name], next => {
              const { [one.name]: _before, ...others } = step
              const made = (next === undefined ? others : { ...others, [one.name]: next }) as Step
              change(steps.map((other, place) => (place === index ? made : other)))
            }),
          )}
        </div>
      ))}
    </>
  )
}
