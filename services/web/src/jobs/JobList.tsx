import { GitCompareArrows } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearch } from 'wouter'
import { navigate } from 'wouter/use-browser-location'
import { useDatasets } from '@/api/datasets'
import { useJobs } from '@/api/jobs'
import { useModels } from '@/api/models'

import { type JobView, STATES } from '@/client/types'
import { comparePath, goTo, JOBS, jobPath } from '@/pages/location'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { StateBadge } from './StateBadge'
import { metricText } from './texts'

/** All jobs, the newest first, by state; two or more trainings can be compared. */
export function JobList() {
  const { t } = useTranslation()
  const wanted = new URLSearchParams(useSearch()).get('state')
  const state = STATES.find(one => one === wanted)
  const { data, error, isPending, hasNextPage, fetchNextPage, refetch } = useJobs(state ? { state } : {})
  const [marked, setMarked] = useState<readonly string[]>([])
  const rows = (data?.pages ?? []).flatMap(page => page.items)
  const mark = (id: string, on: boolean) => setMarked(on ? [...marked, id] : marked.filter(one => one !== id))
  return (
    <>
      <header className="sheet-head">
        <h1>{t('jobs:title')}</h1>
        <div className="bar-space" />
        <Button
          icon={<GitCompareArrows size={15} aria-hidden />}
          disabled={marked.length < 2}
          title={t('jobs:compareHint')}
          onClick={() => navigate(comparePath(marked))}
        >
          {t('jobs:compare', { count: marked.length })}
        </Button>
        <select
          className="input"
          aria-label={t('jobs:filter')}
          value={state ?? ''}
          onChange={({ target }) => navigate(target.value ? `${JOBS}?state=${target.value}` : JOBS, { replace: true })}
        >
          <option value="">{t('jobs:anyState')}</option>
          {STATES.map(one => (
            <option key={one} value={one}>
              {t(`jobs:state.${one}`)}
            </option>
          ))}
        </select>
      </header>
      {error ? (
        <FailureBox title={t('jobs:listFailed')} error={error}>
          <Button onClick={() => refetch()}>{t('app:retry')}</Button>
        </FailureBox>
      ) : null}
      {rows.length > 0 ? <Table rows={rows} marked={marked} onMark={mark} /> : null}
      {rows.length === 0 && !error ? (
        <Nothing text={isPending ? t('app:loading') : state ? t('files:nothingFound') : null} />
      ) : null}
      {hasNextPage ? (
        <p className="sheet-more">
          <Button onClick={() => fetchNextPage()}>{t('app:more')}</Button>
        </p>
      ) : null}
    </>
  )
}

/** `text`, or for somebody who has no jobs yet what to do. */
function Nothing({ text }: { text: string | null }) {
  const { t } = useTranslation()
  return (
    <div className="panel-empty">
      <p>{text ?? t('jobs:none')}</p>
      {text === null ? (
        <Button className="jobs-none" onClick={() => goTo('/')}>
          {t('app:toEditor')}
        </Button>
      ) : null}
    </div>
  )
}

type TableProps = {
  readonly rows: readonly JobView[]
  readonly marked: readonly string[]
  readonly onMark: (id: string, on: boolean) => void
}

function Table({ rows, marked, onMark }: TableProps) {
  const { t } = useTranslation()
  const names = useNames()
  return (
    <div className="card jobs-list">
      <table className="sheet-table">
        <thead>
          <tr>
            <th scope="col">
              <span className="visually-hidden">{t('jobs:mark')}</span>
            </th>
            <th scope="col">{t('jobs:job')}</th>
            <th scope="col">{t('jobs:stateTitle')}</th>
            <th scope="col">{t('training:dataset')}</th>
            <th scope="col" className="number">
              {t('jobs:loss')}
            </th>
            <th scope="col">{t('jobs:created')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(job => (
            <Row key={job.id} job={job} names={names} marked={marked.includes(job.id)} onMark={onMark} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

type RowProps = { job: JobView; names: (id: string) => string; marked: boolean; onMark: TableProps['onMark'] }

function Row({ job, names, marked, onMark }: RowProps) {
  const { t, i18n } = useTranslation()
  const name = job.model ? `${names(job.model.id)} · ${t('files:version', { version: job.model.version })}` : job.id
  const loss = job.metrics.loss ?? job.metrics.test_loss ?? job.metrics.val_loss ?? job.metrics.train_loss
  return (
    <tr>
      <td>
        <input
          type="checkbox"
          className="switch"
          aria-label={t('jobs:markOne', { name })}
          disabled={job.kind !== 'train'}
          checked={marked}
          onChange={({ target }) => onMark(job.id, target.checked)}
        />
      </td>
      <td>
        <Link href={jobPath(job.id)}>{name}</Link> <span className="jobs-kind">{t(`jobs:kind.${job.kind}`)}</span>
      </td>
      <td>
        <StateBadge state={job.state} />
        {job.state === 'running' ? ` ${Math.round(job.progress * 100)} %` : null}
      </td>
      <td>{job.dataset ? names(job.dataset) : '–'}</td>
      <td className="number">{typeof loss === 'number' ? metricText(loss) : '–'}</td>
      <td>{new Date(job.created_at).toLocaleString(i18n.language, { dateStyle: 'medium', timeStyle: 'short' })}</td>
    </tr>
  )
}

/** Names of the newest models and data sets; others are shown by id. */
function useNames(): (id: string) => string {
  const models = useModels().data?.pages.flatMap(page => page.items) ?? []
  const datasets = useDatasets().data?.pages.flatMap(page => page.items) ?? []
  const names = new Map([...models, ...datasets].map(row => [row.id, row.name]))
  return id => names.get(id) ?? id
}
