import { useTranslation } from 'react-i18next'
import { useRecipeFields } from '@/api/jobs'
import { useRecipe } from '@/store/recipe'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { PriorityField } from './PriorityField'
import { RecipeField } from './RecipeField'
import { errorAt, withField } from './recipe'

/** What most people set; the rest is folded away until it is set or wrong. */
const FIRST = new Set(['epochs', 'batch_size', 'optimizer', 'learning_rate', 'validation_split'])

/** A field for everything that the server says a train job takes. */
export function RecipeForm({ errors }: { errors: ReadonlyMap<string, string> }) {
  const { t } = useTranslation()
  const { data, error, isPending, refetch } = useRecipeFields()
  const params = useRecipe(state => state.params)
  if (error) {
    return (
      <FailureBox title={t('training:fieldsFailed')} error={error}>
        <Button onClick={() => refetch()}>{t('app:retry')}</Button>
      </FailureBox>
    )
  }
  if (isPending) return <p className="field-hint">{t('app:loading')}</p>
  const shown = (name: string) => data.find(one => one.name === name)
  const first = [...FIRST].map(shown).filter(one => one !== undefined)
  const rest = data.filter(one => !FIRST.has(one.name))
  const touched = rest.some(one => one.name in params || errorAt(errors, one.name))
  const draw = (one: (typeof rest)[number]) => (
    <RecipeField
      key={one.name}
      field={one}
      path={one.name}
      value={params[one.name]}
      errors={errors}
      onValue={value => useRecipe.setState(state => ({ params: withField(state.params, one.name, value) }))}
    />
  )
  return (
    <>
      {first.map(draw)}
      <details open={touched || undefined}>
        <summary>{t('training:more')}</summary>
        {rest.map(draw)}
        <PriorityField />
      </details>
    </>
  )
}
