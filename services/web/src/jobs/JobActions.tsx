import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CircleStop, RotateCw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { cancelJob, resumeJob } from '@/api/jobs'
import type { JobView } from '@/client/types'
import { tellFailure } from '@/store/toasts'
import { Button } from '@/ui/Button'

/** Stop it, or go on with it. */
export function JobActions({ job }: { job: JobView }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const onSuccess = (next: JobView) => {
    client.setQueryData(['job', job.id], next)
    void client.invalidateQueries({ queryKey: ['jobs'] })
  }
  const cancelling = useMutation({
    mutationFn: () => cancelJob(job.id),
    onSuccess,
    onError: error => tellFailure(t('jobs:cancelFailed'), error),
  })
  const resuming = useMutation({
    mutationFn: () => resumeJob(job.id),
    onSuccess,
    onError: error => tellFailure(t('jobs:resumeFailed'), error),
  })
  return (
    <>
      {job.links.cancel ? (
        <Button
          tone="danger"
          icon={<CircleStop size={15} aria-hidden />}
          disabled={cancelling.isPending || job.cancel_requested}
          onClick={() => cancelling.mutate()}
        >
          {t('jobs:cancel')}
        </Button>
      ) : null}
      {job.links.resume ? (
        <Button
          icon={<RotateCw size={15} aria-hidden />}
          disabled={resuming.isPending}
          onClick={() => resuming.mutate()}
        >
          {t('jobs:resume')}
        </Button>
      ) : null}
    </>
  )
}
