import { GitCompareArrows } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link, useSearch } from 'wouter'
import { navigate } from 'wouter/use-browser-location'
import { useDatasets } from '@/api/datasets'
import { useJobs } from '@/api/jobs'
import { useModels } from '@/api/models'

import { type JobView, STATES } from '@/client/types'
import { When } from '@/library/When'
import { comparePath, goTo, JOBS, jobPath } from '@/pages/location'
import { Button } from '@/ui/Button'
import { rowsOf } from '@/ui/Listed'
import { type Column, RecordTable } from '@/ui/RecordTable'
import { StateBadge } from './StateBadge'
import { metricText } from './texts'

/** All jobs, the newest first, by state; two or more can be compared. */
export function JobList() {
  const { t } = useTranslation()
  const search = new URLSearchParams(useSearch())
  const state = STATES.find(one => one === search.get('state'))
  const marked = search.getAll('job')
  const query = useJobs(state ? { state } : {})
  const rows = rowsOf(query.data)
  const mark = (id: string, on: boolean) =>
    navigate(listPath(state, on ? [...marked, id] : marked.filter(one => one !== id)), { replace: true })
  const columns = useColumns(marked, mark)
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
          onChange={({ target }) => navigate(listPath(target.value, marked), { replace: true })}
        >
          <option value="">{t('jobs:anyState')}</option>
          {STATES.map(one => (
            <option key={one} value={one}>
              {t(`jobs:state.${one}`)}
            </option>
          ))}
        </select>
      </header>
      <RecordTable
        name="jobs"
        query={query}
        rows={rows}
        columns={columns}
        keyOf={job => job.id}
        failed={t('jobs:listFailed')}
        empty={<Nothing text={state ? t('files:nothingFound') : null} />}
      />
    </>
  )
}

/** The list with these jobs marked, of one state where one is given. */
function listPath(state: string | undefined, marked: readonly string[]): string {
  const search = new URLSearchParams([...(state ? [['state', state]] : []), ...marked.map(id => ['job', id])])
  return search.size > 0 ? `${JOBS}?${search}` : JOBS
}

/** `text`, or for somebody who has no jobs yet what to do. */
function Nothing({ text }: { text: string | null }) {
  const { t } = useTranslation()
  return (
    <div>
      <p>{text ?? t('jobs:none')}</p>
      {text === null ? (
        <Button className="jobs-none" onClick={() => goTo('/')}>
          {t('app:toEditor')}
        </Button>
      ) : null}
    </div>
  )
}

function useColumns(marked: readonly string[], mark: (id: string, on: boolean) => void): Column<JobView>[] {
  const { t } = useTranslation()
  const names = useNames()
  const nameOf = (job: JobView) =>
    job.model ? `${names(job.model.id)} · ${t('files:version', { version: job.model.version })}` : job.id
  return [
    {
      id: 'mark',
      title: t('jobs:mark'),
      quiet: true,
      cell: job => (
        <input
          type="checkbox"
          className="switch"
          aria-label={t('jobs:markOne', { name: nameOf(job) })}
          checked={marked.includes(job.id)}
          onChange={({ target }) => mark(job.id, target.checked)}
        />
      ),
    },
    {
      id: 'job',
      title: t('jobs:job'),
      cell: job => (
        <>
          <Link href={jobPath(job.id)}>{nameOf(job)}</Link>{' '}
          <span className="jobs-kind">{t(`jobs:kind.${job.kind}`)}</span>
        </>
      ),
    },
    {
      id: 'state',
      title: t('jobs:stateTitle'),
      cell: job => (
        <>
          <StateBadge state={job.state} />
          {job.state === 'running' ? ` ${Math.round(job.progress * 100)} %` : null}
        </>
      ),
    },
    { id: 'dataset', title: t('training:dataset'), cell: job => (job.dataset ? names(job.dataset) : '–') },
    { id: 'loss', title: t('jobs:loss'), cell: lossText, number: true },
    { id: 'created', title: t('jobs:created'), cell: job => <When at={job.created_at} /> },
  ]
}

function lossText({ metrics }: JobView): string {
  const loss = metrics.loss ?? metrics.test_loss ?? metrics.val_loss ?? metrics.train_loss
  return typeof loss === 'number' ? metricText(loss) : '–'
}

/** Names of the newest models and data sets; others are shown by id. */
function useNames(): (id: string) => string {
  const models = useModels().data?.pages.flatMap(page => page.items) ?? []
  const datasets = useDatasets().data?.pages.flatMap(page => page.items) ?? []
  const names = new Map([...models, ...datasets].map(row => [row.id, row.name]))
  return id => names.get(id) ?? id
}
