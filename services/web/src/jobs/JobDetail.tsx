import { useQueryClient } from '@tanstack/react-query'
import { ArrowLeft } from 'lucide-react'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useDataset } from '@/api/datasets'
import { useJob } from '@/api/jobs'
import { useModel } from '@/api/models'
import { useLastingError } from '@/api/queries'
import type { JobView } from '@/client/types'
import { datasetPath, JOBS, modelPath } from '@/pages/location'
import { chartsOf } from '@/training/charts'
import { isFinal } from '@/training/follow'
import { polled, type Run } from '@/training/run'
import { useRuns } from '@/training/useRuns'
import { FailureBox } from '@/ui/Failure'
import { Checklist } from './Checklist'
import { Chosen } from './Chosen'
import { Curves } from './Curves'
import { Insight } from './insight/Insight'
import { JobActions } from './JobActions'
import { Logs } from './Logs'
import { Members } from './Members'
import { Progress } from './Progress'
import { Results } from './Results'
import { Returns } from './Returns'
import { StateBadge } from './StateBadge'
import { BestTrial } from './tune/BestTrial'
import { Trials } from './tune/Trials'

/** One job, live. */
export function JobDetail({ id }: { id: string }) {
  const { t } = useTranslation()
  const { data, refetch, ...query } = useJob(id)
  const error = useLastingError(query)
  return (
    <>
      <Link href={JOBS} className="sheet-back">
        <ArrowLeft size={14} aria-hidden />
        {t('jobs:title')}
      </Link>
      {error ? <FailureBox title={t('jobs:readFailed')} error={error} again={refetch} /> : null}
      {data ? <Detail job={data} /> : null}
      {!data && !error ? <p className="panel-empty">{t('app:loading')}</p> : null}
    </>
  )
}

function Detail({ job }: { job: JobView }) {
  const { t } = useTranslation()
  const { run: heard, connection } = useRuns([job.id], job.run)(job.id)
  const run = connection === 'live' || isFinal(job.state) ? heard : polled(heard, job.metrics)
  useFresh(job.id, run)
  const model = useModel(job.model?.id ?? '').data
  const name = model?.name ?? job.model?.id ?? job.id
  return (
    <>
      <header className="sheet-head">
        <h1>{t(`jobs:titleOf.${job.kind}`, { name })}</h1>
        <StateBadge state={job.state} />
        {connection === 'reconnecting' && !isFinal(job.state) ? (
          <span className="jobs-away" role="status">
            {t('jobs:reconnecting')}
          </span>
        ) : null}
        <div className="bar-space" />
        <JobActions job={job} />
      </header>
      <Progress job={job} run={run} />
      <div className="two-columns">
        <div>
          {job.kind === 'train' ? <Curves charts={chartsOf([{ name, run }])} /> : null}
          {job.kind === 'train' ? <Insight job={job} run={run} /> : null}
          {job.kind === 'dqn' ? <Returns job={job} run={run} name={name} /> : null}
          {job.kind === 'check' ? <Checklist job={job} /> : null}
          {job.kind === 'tune' ? <Trials job={job} /> : null}
          {job.kind === 'ensemble' ? <Members job={job} /> : null}
          <Logs lines={run.logs} />
        </div>
        <div>
          {job.kind === 'tune' ? <BestTrial job={job} name={name} /> : <Results job={job} run={run} name={name} />}
          <Chosen job={job} />
          <Origins job={job} model={name} />
        </div>
      </div>
    </>
  )
}

/** A state that was told makes the row worth reading at once. */
function useFresh(id: string, { state }: Run): void {
  const client = useQueryClient()
  useEffect(() => {
    if (state === null) return
    void client.invalidateQueries({ queryKey: ['job', id] })
    void client.invalidateQueries({ queryKey: ['jobs'] })
  }, [client, id, state])
}

function Origins({ job, model }: { job: JobView; model: string }) {
  const { t } = useTranslation()
  const dataset = useDataset(job.dataset ?? '').data
  return (
    <section className="card">
      <h2>{t('jobs:from')}</h2>
      <ul className="jobs-from">
        {job.model ? (
          <li>
            <Link href={modelPath(job.model.id)}>{model}</Link>
            {` · ${t('files:version', { version: job.model.version })}`}
          </li>
        ) : null}
        {job.dataset ? (
          <li>
            <Link href={datasetPath(job.dataset)}>{dataset?.name ?? job.dataset}</Link>
          </li>
        ) : null}
        <li className="jobs-id">{job.id}</li>
      </ul>
    </section>
  )
}
