import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query'
import { CircleStop, RotateCw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { cancelJob, deleteJob, resumeJob } from '@/api/jobs'
import type { JobView } from '@/client/types'
import { Deleting } from '@/library/Deleting'
import { goTo, JOBS } from '@/pages/location'
import { tellFailure } from '@/store/toasts'
import { Button } from '@/ui/Button'

async function remove(id: string, client: QueryClient): Promise<void> {
  await deleteJob(id)
  goTo(JOBS)
  client.removeQueries({ queryKey: ['job', id] })
  void client.invalidateQueries({ queryKey: ['jobs'] })
}

/** Stop it, go on with it, or delete it. */
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
      {job.links.delete ? (
        <Deleting what={job.id} text={t('jobs:deleteText')} onDelete={() => remove(job.id, client)} />
      ) : null}
    </>
  )
}
