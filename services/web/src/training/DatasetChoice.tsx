import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useDataset, useDatasets } from '@/api/datasets'
import type { DatasetView } from '@/client/types'
import { UploadBox } from '@/datasets/UploadBox'
import { datasetPath } from '@/pages/location'
import { useRecipe } from '@/store/recipe'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { Field } from '@/ui/Field'

/** One of the stored data sets, or a file that becomes one. */
export function DatasetChoice({ error, uploads = true }: { error: string | undefined; uploads?: boolean }) {
  const { t } = useTranslation()
  const chosen = useRecipe(state => state.dataset)
  const { data, error: failed, isPending, hasNextPage, fetchNextPage, refetch } = useDatasets()
  const one = useDataset(chosen).data
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
      <Field label={t('training:dataset')} hint={one ? undefined : t('training:datasetHint')} error={error}>
        {ids => (
          <select {...ids} className="input" value={chosen} onChange={({ target }) => choose(target.value)}>
            <option value="">{isPending ? t('app:loading') : t('training:choose')}</option>
            {all.map(row => (
              <option key={row.id} value={row.id}>
                {row.name}
              </option>
            ))}
          </select>
        )}
      </Field>
      {hasNextPage ? (
        <Button className="recipe-more" onClick={() => fetchNextPage()}>
          {t('app:more')}
        </Button>
      ) : null}
      {one ? <Chosen dataset={one} /> : null}
      {uploads ? <UploadBox small onStored={row => choose(row.id)} /> : null}
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
