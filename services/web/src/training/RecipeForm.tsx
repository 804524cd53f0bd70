import { useTranslation } from 'react-i18next'
import { useRecipeFields } from '@/api/jobs'
import { environmentOf, useRecipe } from '@/store/recipe'
import { FailureBox } from '@/ui/Failure'
import { PriorityField } from './PriorityField'
import { RecipeField } from './RecipeField'
import { errorAt, withField } from './recipe'

/** What most people set; the rest is folded away until it is set or wrong. */
const FIRST = {
  train: new Set(['epochs', 'batch_size', 'optimizer', 'learning_rate', 'validation_split']),
  dqn: new Set(['steps', 'batch_size', 'learning_rate', 'discount', 'double', 'seed']),
}

/** A field for everything that the server says a train job takes, or where an environment is chosen a dqn job. */
export function RecipeForm({ errors }: { errors: ReadonlyMap<string, string> }) {
  const { t } = useTranslation()
  const learns = useRecipe(state => environmentOf(state.dataset) !== null)
  const kind = learns ? 'dqn' : 'train'
  const { data, error, isPending, refetch } = useRecipeFields(kind)
  const params = useRecipe(state => (learns ? state.agent : state.params))
  const set = (name: string, value: unknown) =>
    useRecipe.setState(({ params, agent }) =>
      learns ? { agent: withField(agent, name, value) } : { params: withField(params, name, value) },
    )
  if (error) {
    return <FailureBox title={t('training:fieldsFailed')} error={error} again={refetch} />
  }
  if (isPending) return <p className="field-hint">{t('app:loading')}</p>
  const shown = (name: string) => data.find(one => one.name === name)
  const first = [...FIRST[kind]].map(shown).filter(one => one !== undefined)
  const rest = data.filter(one => !FIRST[kind].has(one.name) && one.name !== 'environment')
  const touched = rest.some(one => one.name in params || errorAt(errors, one.name))
  const draw = (one: (typeof rest)[number]) => (
    <RecipeField
      key={one.name}
      field={one}
      path={one.name}
      value={params[one.name]}
      errors={errors}
      onValue={value => set(one.name, value)}
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
