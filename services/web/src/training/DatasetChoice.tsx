import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useDataset, useDatasets } from '@/api/datasets'
import { useEnvironments } from '@/api/environments'
import type { DatasetView, EnvironmentRow } from '@/client/types'
import { UploadBox } from '@/datasets/UploadBox'
import { useTold } from '@/i18n/told'
import { datasetPath } from '@/pages/location'
import { asChoice, environmentOf, useRecipe } from '@/store/recipe'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { Field } from '@/ui/Field'

/** One of the stored data sets, a file that becomes one, or an environment in which an agent learns; or only stored ones. */
export function DatasetChoice({ error, storedOnly = false }: { error: string | undefined; storedOnly?: boolean }) {
  const { t } = useTranslation()
  const chosen = useRecipe(state => state.dataset)
  const { data, error: failed, isPending, hasNextPage, fetchNextPage, refetch } = useDatasets()
  const environments = useEnvironments().data ?? []
  const environment = environments.find(row => row.name === environmentOf(chosen))
  const one = useDataset(environmentOf(chosen) === null ? chosen : '').data
  const listed = (data?.pages ?? []).flatMap(page => page.items)
  const all = one && !listed.some(row => row.id === one.id) ? [one, ...listed] : listed
  const choose = (id: string) => useRecipe.setState({ dataset: id })
  if (failed) {
    return (
      <FailureBox title={t('datasets:listFailed')} error={failed}>
        <Button onClick={() => refetch()}>{t('app:retry')}</Button>
      </FailureBox>
    )
  }
  return (
    <>
      <Field
        label={t('training:dataset')}
        hint={one || environment ? undefined : t('training:datasetHint')}
        error={error}
      >
        {ids => (
          <select {...ids} className="input" value={chosen} onChange={({ target }) => choose(target.value)}>
            <option value="">{isPending ? t('app:loading') : t('training:choose')}</option>
            {all.map(row => (
              <option key={row.id} value={row.id}>
                {row.name}
              </option>
            ))}
            {environments.length > 0 && !storedOnly ? (
              <optgroup label={t('agents:environments')}>
                {environments.map(row => (
                  <option key={row.name} value={asChoice(row.name)}>
                    {row.name}
                  </option>
                ))}
              </optgroup>
            ) : null}
          </select>
        )}
      </Field>
      {hasNextPage ? (
        <Button className="recipe-more" onClick={() => fetchNextPage()}>
          {t('app:more')}
        </Button>
      ) : null}
      {one ? <Chosen dataset={one} /> : null}
      {environment ? <Environment row={environment} /> : null}
      {storedOnly ? null : <UploadBox small onStored={row => choose(row.id)} />}
    </>
  )
}

function Chosen({ dataset }: { dataset: DatasetView }) {
  const { t } = useTranslation()
  const { features, label } = dataset.schema
  const shapes = features.map(one => `${one.name} [${(one.shape ?? []).join(', ')}]`).join(', ')
  const samples = Object.entries(dataset.splits).map(([split, count]) => `${split} ${count.toLocaleString()}`)
  const classes = label?.n_classes ? t('datasets:classes', { count: label.n_classes }) : null
  return (
    <p className="recipe-dataset">
      {[shapes, ...samples, classes].filter(Boolean).join(' · ')}{' '}
      <Link href={datasetPath(dataset.id)}>{t('training:look')}</Link>
    </p>
  )
}

/** What a network for it must take and give. */
function Environment({ row }: { row: EnvironmentRow }) {
  const { t } = useTranslation()
  const told = useTold()
  const solved =
    row.solved_at === null || row.solved_at === undefined ? '' : t('agents:solvedAt', { at: row.solved_at })
  const needs = t('agents:needs', { shape: (row.sees ?? []).join(', '), actions: row.actions.join(', ') })
  return <p className="recipe-dataset">{[told(row.title), needs, solved].filter(Boolean).join(' · ')}</p>
}
