import { useTranslation } from 'react-i18next'
import type { JobView } from '@/client/types'
import { useTold } from '@/i18n/told'

/** Why the job failed, what to do next, and what is kept of it. */
export function FaultBox({ error, goesOn }: { error: NonNullable<JobView['error']>; goesOn: boolean }) {
  const { t } = useTranslation()
  const told = useTold()
  const name = t(`jobs:fault.${error.code}`, { defaultValue: '' })
  const { checkpoint: kept, largest_batch_size: batch } = error
  return (
    <div className="jobs-error" role="alert">
      {name ? <h3>{name}</h3> : null}
      <strong>{told(error.detail)}</strong>
      <p>{told(error.next_step)}</p>
      {batch ? <p>{t('jobs:largestBatch', { batch })}</p> : null}
      {kept ? (
        <p>
          {t('jobs:kept', { epoch: kept.epoch ?? 0, batch: kept.batch ?? 0 })}
          {goesOn ? ` ${t('jobs:keptGoOn')}` : ''}
          {kept.best_epoch ? ` ${t('jobs:keptBest', { epoch: kept.best_epoch })}` : ''}
        </p>
      ) : null}
      <p className="field-hint">{`${t(`jobs:faultClass.${error.class}`)} · ${error.code}`}</p>
    </div>
  )
}

/** What was doubtful when the job was submitted, and what a running one waits for. */
export function Doubts({ job }: { job: JobView }) {
  const { t, i18n } = useTranslation()
  const told = useTold()
  const since = job.waiting_since ? new Date(job.waiting_since).toLocaleTimeString(i18n.language) : null
  return (
    <>
      {job.state === 'running' && job.waiting_for ? (
        <p className="jobs-waits" role="status">
          <strong>{since ? t('jobs:waitsSince', { since }) : t('jobs:waits')}</strong> {told(job.waiting_for)}
        </p>
      ) : null}
      {(job.warnings ?? []).map(one => (
        <p key={one.rule} className="jobs-waits">
          <strong>{t('jobs:warning')}</strong>
          {` ${[told(one.rule), told(String(one.received)), one.hint ? told(one.hint) : ''].filter(Boolean).join('; ')}`}
        </p>
      ))}
    </>
  )
}
