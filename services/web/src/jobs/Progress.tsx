import { useTranslation } from 'react-i18next'
import type { JobView } from '@/client/types'
import { useTold } from '@/i18n/told'
import { isFinal } from '@/training/follow'
import type { Run } from '@/training/run'
import { Doubts, FaultBox } from './FaultBox'
import { durationText } from './texts'

/** How far the job is and how long it will take; why it waits; why it failed and what to do next. */
export function Progress({ job, run }: { job: JobView; run: Run }) {
  const { t } = useTranslation()
  const told = useTold()
  const { share, facts } = useFacts(job, run)
  return (
    <section className="card jobs-progress" aria-label={t('jobs:progress')}>
      <progress value={share} max={1} aria-label={t('jobs:progress')} />
      <p>{facts.join(' · ')}</p>
      {job.state === 'queued' ? <p>{job.waiting_for ? told(job.waiting_for) : t('jobs:waiting')}</p> : null}
      <Doubts job={job} />
      {job.error ? <FaultBox error={job.error} goesOn={job.links.resume !== undefined} /> : null}
    </section>
  )
}

/** The share that is done, and what there is to say of it. */
function useFacts(job: JobView, run: Run): { share: number; facts: readonly string[] } {
  const { t } = useTranslation()
  const running = job.state === 'running'
  const share = job.state === 'succeeded' ? 1 : Math.max(job.progress, running ? (run.progress ?? 0) : 0)
  const eta = running ? (run.eta ?? job.eta_s ?? null) : null
  const facts = [
    `${Math.round(share * 100)} %`,
    usePlace(run),
    eta === null ? '' : t('jobs:eta', { time: durationText(eta) }),
    job.started_at && job.finished_at ? t('jobs:took', { time: durationText(seconds(job)) }) : '',
    job.attempt > 1 ? t('jobs:attempt', { count: job.attempt }) : '',
    job.cancel_requested && !isFinal(job.state) ? t('jobs:cancelling') : '',
  ]
  return { share, facts: facts.filter(Boolean) }
}

/** The epoch, or the step of an agent, that the job is at. */
function usePlace(run: Run): string {
  const { t } = useTranslation()
  const row = run.live.at(-1) ?? run.rows.at(-1)
  if (run.step && run.steps) return t('agents:stepOf', { step: run.step, steps: run.steps })
  return row && run.epochs ? t('jobs:epochOf', { epoch: Math.ceil(row.x), epochs: run.epochs }) : ''
}

function seconds({ started_at, finished_at }: JobView): number {
  return (Date.parse(finished_at ?? '') - Date.parse(started_at ?? '')) / 1000
}
