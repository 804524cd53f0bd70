import { useTranslation } from 'react-i18next'
import { useRecipe } from '@/store/recipe'
import { Field } from '@/ui/Field'

const PRIORITIES = { low: -10, normal: 0, high: 10 } as const

/** Which of the jobs that wait goes first. */
export function PriorityField() {
  const { t } = useTranslation()
  const priority = useRecipe(state => state.priority ?? 0)
  return (
    <Field label={t('training:priority')} hint={t('training:priorityHint')}>
      {ids => (
        <select
          {...ids}
          value={priority}
          onChange={event => useRecipe.setState({ priority: Number(event.currentTarget.value) })}
        >
          {Object.entries(PRIORITIES).map(([name, value]) => (
            <option key={name} value={value}>
              {t(`training:priorityOf.${name}`)}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}
