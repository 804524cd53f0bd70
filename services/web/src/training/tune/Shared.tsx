import { useTranslation } from 'react-i18next'
import { useRecipeFields } from '@/api/jobs'
import { valueText } from '@/jobs/texts'
import { useRecipe } from '@/store/recipe'
import { useSearch } from '@/store/search'
import { counts } from './fields'

/** What all trials share, in a line, and the most epochs that the search can take. */
export function Shared() {
  const { t } = useTranslation()
  const { data: fields = [] } = useRecipeFields()
  const recipe = useRecipe(state => state.params)
  const { dimensions, params } = useSearch()
  const varied = new Set(dimensions.map(one => one.name))
  const given = Object.entries(recipe).filter(([name]) => !varied.has(`params.${name}`) && name !== 'epochs')
  const epochs = Number(recipe.epochs ?? fields.find(one => one.name === 'epochs')?.default ?? Number.NaN)
  const trials = Number(params.trials ?? 20)
  const most = varied.has('params.epochs') ? Number.NaN : epochs * trials
  const shared = given.map(([name, value]) => `${t(`training:field.${name}`, { defaultValue: name })} ${said(value)}`)
  return (
    <div className="tune-shared">
      <h3>{t('tune:shared')}</h3>
      <p className="field-hint">
        {[t('tune:epochs', { count: epochs }), ...shared].join(' · ')}
        <br />
        {t('tune:sharedHint')}
      </p>
      {Number.isFinite(most) ? (
        <p className="field-hint">
          {t(counts('min_epochs', params) ? 'tune:most' : 'tune:all', { trials, epochs, most: most.toLocaleString() })}
        </p>
      ) : null}
    </div>
  )
}

function said(value: unknown): string {
  const name = (value as { name?: unknown } | null)?.name
  return typeof name === 'string' ? name : valueText(value)
}
