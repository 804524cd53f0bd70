import { useMutation, useQuery } from '@tanstack/react-query'
import { Repeat } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { api, got } from '@/api/client'
import { goTo, jobPath } from '@/pages/location'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import type { InsightProps } from './panels'

/** Trains again, and says of a repetition how it ended beside the first time. */
export function Reproduce({ job }: InsightProps) {
  const { t } = useTranslation()
  const path = { params: { path: { job_id: job.id } } }
  const repeats = job.chosen?.reproduces !== undefined
  const ended = job.state === 'succeeded'
  const { data } = useQuery({
    queryKey: ['reproduction', job.id],
    queryFn: () => got(api.GET('/api/v1/jobs/{job_id}/reproduction', path)),
    enabled: repeats && ended,
  })
  const again = useMutation({
    mutationFn: () => got(api.POST('/api/v1/jobs/{job_id}/reproduce', path)),
    onSuccess: next => goTo(jobPath(next.id)),
  })
  if (!ended) return null
  return (
    <section className="card">
      {data?.verdict ? <p>{t(`jobs:reproduced.${data.verdict}`)}</p> : null}
      {[...(data?.conditions ?? []), ...(data?.results ?? [])].map(one => (
        <p key={one.what} className="field-hint">
          {`${one.what}: ${String(one.before)} → ${String(one.after)}`}
        </p>
      ))}
      <Button icon={<Repeat size={15} aria-hidden />} disabled={again.isPending} onClick={() => again.mutate()}>
        {t('jobs:reproduce')}
      </Button>
      {again.error ? <FailureBox title={t('jobs:reproduceFailed')} error={again.error} /> : null}
    </section>
  )
}
