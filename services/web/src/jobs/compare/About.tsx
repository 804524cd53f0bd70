import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useNamesOf, useRecords } from '@/api/compared'
import type { JobView, RunRecord } from '@/client/types'
import { useTold } from '@/i18n/told'
import { When } from '@/library/When'
import { datasetPath, jobPath, modelPath } from '@/pages/location'
import { isFinal } from '@/training/follow'
import { StateBadge } from '../StateBadge'
import { durationText, valueText } from '../texts'
import { Line } from './Line'
import { type Compared, differs, seedOf } from './rows'

/** Which jobs they are, of what, and where and how long they ran. */
export function About({ compared }: { compared: readonly Compared[] }) {
  const { t } = useTranslation()
  const told = useTold()
  const jobs = compared.map(({ job }) => job)
  const names = useNamesOf(jobs)
  const records = useRecords(jobs)
  const there = jobs.map(job => job !== null)
  const unlike = (value: (job: JobView, at: number) => unknown) =>
    differs({ name: '', values: jobs.map((job, at) => (job ? value(job, at) : null)) }, there)
  const seed = (job: JobView, at: number) => records[at]?.seed ?? seedOf(job)
  const device = (_job: JobView, at: number) => deviceText(records[at] ?? null)
  const each = (cell: (job: JobView, at: number) => ReactNode) => jobs.map((job, at) => (job ? cell(job, at) : '–'))
  return (
    <>
      <Line name={t('jobs:job')} differ={unlike(job => job.kind)}>
        {compared.map(({ id, job, gone }) =>
          gone ? (
            <span key={id} className="compare-gone">
              {t('compare:gone', { id })}
            </span>
          ) : (
            <Link key={id} href={jobPath(id)} title={id}>
              {job ? t(`jobs:kind.${job.kind}`) : id}
            </Link>
          ),
        )}
      </Line>
      <Line name={t('jobs:stateTitle')}>
        {each(job => (
          <JobStatus job={job} />
        ))}
      </Line>
      {jobs.some(job => job?.error) ? (
        <Line name={t('compare:fault')}>{each(job => (job.error ? told(job.error.detail) : '–'))}</Line>
      ) : null}
      <Line name={t('compare:model')} differ={unlike(job => job.model)}>
        {each(({ model }) =>
          model ? (
            <Link href={modelPath(model.id)}>
              {`${names(model.id)} · ${t('files:version', { version: model.version })}`}
            </Link>
          ) : (
            '–'
          ),
        )}
      </Line>
      <Line name={t('training:dataset')} differ={unlike(job => job.dataset)}>
        {each(({ dataset }) => (dataset ? <Link href={datasetPath(dataset)}>{names(dataset)}</Link> : '–'))}
      </Line>
      <Line name={t('training:field.seed')} differ={unlike(seed)}>
        {each((job, at) => valueText(seed(job, at)))}
      </Line>
      <Line name={t('compare:device')} differ={unlike(device)}>
        {each(device)}
      </Line>
      <Line name={t('jobs:created')}>
        {each(job => (
          <When at={job.created_at} />
        ))}
      </Line>
      <Line name={t('compare:time')}>{each(timeOf)}</Line>
    </>
  )
}

/** What a training ran on, where that was kept. */
function deviceText(record: RunRecord | null): string {
  if (!record) return '–'
  const several = (record.devices ?? 1) > 1 ? ` × ${record.devices}` : ''
  return `${record.device}${several}, ${record.backend}`
}

function JobStatus({ job }: { job: JobView }) {
  const share = isFinal(job.state) || job.state === 'queued' ? '' : ` ${Math.round(job.progress * 100)} %`
  return (
    <>
      <StateBadge state={job.state} />
      {share}
    </>
  )
}

function timeOf({ started_at: from, finished_at: to }: JobView): string {
  if (!from || !to) return '–'
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000
  return seconds < 60 ? `${seconds.toFixed(1)} s` : durationText(seconds)
}
