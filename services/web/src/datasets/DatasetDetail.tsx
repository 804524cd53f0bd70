import { AlertDialog } from '@base-ui/react/alert-dialog'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ArrowLeft, Play, Trash2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { deleteDataset, useDataset } from '@/api/datasets'
import { useLastingError } from '@/api/queries'
import type { DatasetView, LabelSchema } from '@/client/types'
import { bytesText } from '@/model/values'
import { DATASETS, goTo } from '@/pages/location'
import { Facts } from '@/panel/Facts'
import { showTab } from '@/panel/state'
import { useEditor } from '@/store/editor'
import { lastPath } from '@/store/last'
import { useRecipe } from '@/store/recipe'
import { tell, tellFailure } from '@/store/toasts'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { ClassCounts } from './ClassCounts'
import { Quality } from './Quality'
import { Samples } from './Samples'

/** What a data set holds, a look at its samples, and what can be done with it. */
export function DatasetDetail({ id }: { id: string }) {
  const { t } = useTranslation()
  const { data, refetch, ...query } = useDataset(id)
  const error = useLastingError(query)
  return (
    <>
      <Link href={DATASETS} className="sheet-back">
        <ArrowLeft size={14} aria-hidden />
        {t('datasets:title')}
      </Link>
      {error ? <FailureBox title={t('datasets:readFailed')} error={error} again={refetch} /> : null}
      {data ? <Detail dataset={data} /> : null}
      {!data && !error ? <p className="panel-empty">{t('app:loading')}</p> : null}
    </>
  )
}

function Detail({ dataset }: { dataset: DatasetView }) {
  const { t } = useTranslation()
  const { schema, splits } = dataset
  return (
    <>
      <header className="sheet-head">
        <h1>{dataset.name}</h1>
        <div className="bar-space" />
        <Button tone="primary" icon={<Play size={15} aria-hidden />} onClick={() => trainOn(dataset.id)}>
          {t('datasets:trainOn')}
        </Button>
        <Delete dataset={dataset} />
      </header>
      <div className="two-columns">
        <div>
          <Samples dataset={dataset} />
        </div>
        <div>
          <section className="card">
            <h2>{t('datasets:about')}</h2>
            <Facts
              facts={[
                ...Object.entries(splits).map(
                  ([split, count]) =>
                    [t(`datasets:${split}`, { defaultValue: split }), count.toLocaleString()] as const,
                ),
                [t('datasets:format'), dataset.format],
                [t('datasets:size'), bytesText(dataset.size)],
              ]}
            />
            {schema.notes.map(note => (
              <p key={note} className="dataset-note">
                {note}
              </p>
            ))}
          </section>
          <Schema dataset={dataset} />
          <ClassCounts dataset={dataset} />
          <Quality dataset={dataset} />
        </div>
      </div>
    </>
  )
}

function Schema({ dataset }: { dataset: DatasetView }) {
  const { t } = useTranslation()
  const { features, labels } = dataset.schema
  const missingText = ({ missing = 0, missing_in = [] }: { missing?: number; missing_in?: string[] }) =>
    [number(missing), missing_in.join(', ')].filter(Boolean).join(': ')
  return (
    <section className="card">
      <h2>{t('datasets:schema')}</h2>
      {features.map(one => (
        <Facts
          key={one.name}
          facts={[
            [t('datasets:feature'), one.name],
            [t('datasets:shape'), `[${one.shape.join(', ')}]`],
            [t('datasets:type'), one.dtype],
            [t('datasets:range'), range(one)],
            ...((one.missing ?? 0) > 0 ? [[t('datasets:missing'), missingText(one)] as const] : []),
          ]}
        />
      ))}
      {labels.map(label => (
        <Label key={label.name} label={label} />
      ))}
      {labels.length === 0 ? <p className="dataset-note">{t('datasets:noLabel')}</p> : null}
    </section>
  )
}

function Label({ label }: { label: LabelSchema }) {
  const { t } = useTranslation()
  return (
    <>
      <Facts
        facts={[
          [t('datasets:label'), label.name],
          [t('datasets:type'), label.dtype],
          [t('datasets:range'), range(label)],
          ...(label.n_classes ? [[t('datasets:classCount'), String(label.n_classes)] as const] : []),
        ]}
      />
      {label.classes ? (
        <p className="chips dataset-classes">
          {label.classes.slice(0, 100).map(name => (
            <span key={name} className="chip">
              {name}
            </span>
          ))}
        </p>
      ) : null}
    </>
  )
}

const range = (one: { min: number; max: number }) => `${number(one.min)} … ${number(one.max)}`
const number = (value: number) => Number(value.toPrecision(5)).toLocaleString()

/** Back to the canvas, with this data set in the recipe. */
function trainOn(id: string): void {
  useRecipe.setState({ dataset: id })
  showTab('train')
  goTo(lastPath(useEditor.getState()))
}

function Delete({ dataset }: { dataset: DatasetView }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const deleting = useMutation({
    mutationFn: () => deleteDataset(dataset.id),
    onSuccess: () => {
      if (useRecipe.getState().dataset === dataset.id) useRecipe.setState({ dataset: '' })
      tell(t('datasets:deleted', { name: dataset.name }))
      goTo(DATASETS)
      client.removeQueries({ queryKey: ['dataset', dataset.id] })
      void client.invalidateQueries({ queryKey: ['datasets'] })
    },
    onError: error => tellFailure(t('datasets:deleteFailed'), error),
  })
  return (
    <AlertDialog.Root>
      <AlertDialog.Trigger className="button button-danger" disabled={deleting.isPending}>
        <Trash2 size={15} aria-hidden />
        {t('datasets:delete')}
      </AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop backdrop-top" />
        <AlertDialog.Popup className="dialog dialog-small">
          <AlertDialog.Title className="dialog-title">
            {t('datasets:deleteAsk', { name: dataset.name })}
          </AlertDialog.Title>
          <AlertDialog.Description>{t('datasets:deleteText')}</AlertDialog.Description>
          <div className="actions">
            <AlertDialog.Close className="button button-plain">{t('app:cancel')}</AlertDialog.Close>
            <AlertDialog.Close className="button button-danger" onClick={() => deleting.mutate()}>
              {t('datasets:delete')}
            </AlertDialog.Close>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
