import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useDataset, useDatasets } from '@/api/datasets'
import { useEnvironments } from '@/api/environments'
import { storeKnown, useKnown } from '@/api/known'
import type { DatasetView, EnvironmentRow } from '@/client/types'
import { UploadBox } from '@/datasets/UploadBox'
import { useTold } from '@/i18n/told'
import { datasetPath } from '@/pages/location'
import { asChoice, environmentOf, useRecipe } from '@/store/recipe'
import { tellFailure } from '@/store/toasts'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { Field } from '@/ui/Field'

/** What an option's value begins with that is a data set by its name, which is stored once it is chosen. */
const KNOWN = 'known:'

/** One of the stored data sets, one that has a name of its own, a file that becomes one, or an environment in which an agent learns; or only stored ones. */
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
  const { names, storing } = useNamed(new Set(all.map(row => row.name)), choose)
  const take = (value: string) => (value.startsWith(KNOWN) ? storing.mutate(value.slice(KNOWN.length)) : choose(value))
  if (failed) {
    return <FailureBox title={t('datasets:listFailed')} error={failed} again={refetch} />
  }
  return (
    <>
      <Field
        label={t('training:dataset')}
        hint={one || environment ? undefined : t('training:datasetHint')}
        error={error}
      >
        {ids => (
          <select
            {...ids}
            className="input"
            value={storing.isPending ? '' : chosen}
            onChange={({ target }) => take(target.value)}
          >
            <option value="">{isPending || storing.isPending ? t('app:loading') : t('training:choose')}</option>
            {all.map(row => (
              <option key={row.id} value={row.id}>
                {row.name}
              </option>
            ))}
            {names.length > 0 ? (
              <optgroup label={t('known:title')}>
                {names.map(name => (
                  <option key={name} value={KNOWN + name}>
                    {name}
                  </option>
                ))}
              </optgroup>
            ) : null}
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

/** Data sets by name that are not stored yet, and what stores one and then chooses it. */
function useNamed(stored: ReadonlySet<string>, choose: (id: string) => void) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const names = (useKnown().data ?? []).map(one => one.name).filter(name => !stored.has(name))
  const storing = useMutation({
    mutationFn: storeKnown,
    onSuccess: row => {
      client.setQueryData(['dataset', row.id], row)
      void client.invalidateQueries({ queryKey: ['datasets'] })
      choose(row.id)
    },
    onError: error => tellFailure(t('known:failed'), error),
  })
  return { names, storing }
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
