import { useQuery } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { readTrials } from '@/api/jobs'
import type { JobView } from '@/client/types'
import { useTold } from '@/i18n/told'
import { isFinal } from '@/training/follow'
import { FailureBox } from '@/ui/Failure'
import { BestAsOne } from '../BestAsOne'
import { BestSoFar } from './BestSoFar'
import { Importance } from './Importance'
import { ParallelCoordinates } from './ParallelCoordinates'
import type { Space } from './picture'
import { TrialTable } from './TrialTable'
import './trials.css'

const LIVE_MS = 2000

export function useTrials(job: JobView) {
  return useQuery({
    queryKey: ['trials', job.id, isFinal(job.state)],
    queryFn: () => readTrials(job.id),
    refetchInterval: isFinal(job.state) ? false : LIVE_MS,
    enabled: job.kind === 'tune',
  })
}

/** What a search has tried: how the best came about, through which values, and every trial. */
export function Trials({ job }: { job: JobView }) {
  const { t } = useTranslation()
  const told = useTold()
  const { data, error, refetch } = useTrials(job)
  if (error) return <FailureBox title={t('jobs:readFailed')} error={error} again={refetch} />
  if (!data) return null
  const space = (job.params.space ?? {}) as Space
  const complete = data.trials.filter(one => one.state === 'complete').length
  return (
    <>
      {data.warnings.length > 0 ? (
        <section className="card trials-warning" role="note">
          <TriangleAlert size={16} aria-hidden />
          <div>
            {data.warnings.map(warning => (
              <p key={warning}>{told(warning)}</p>
            ))}
          </div>
        </section>
      ) : null}
      <BestSoFar view={data} asked={Number(job.params.trials ?? data.trials.length)} />
      <ParallelCoordinates view={data} space={space} />
      <Importance job={job} />
      <TrialTable view={data} space={space} />
      {isFinal(job.state) && complete > 1 ? (
        <section className="card">
          <BestAsOne job={job} trials={complete} />
        </section>
      ) : null}
    </>
  )
}
