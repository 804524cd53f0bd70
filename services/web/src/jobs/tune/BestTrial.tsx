import { useMutation } from '@tanstack/react-query'
import { ExternalLink, Pencil, Repeat } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { api, got } from '@/api/client'
import { readJob } from '@/api/jobs'
import type { JobView } from '@/client/types'
import { goTo, jobPath, modelPath } from '@/pages/location'
import { Facts } from '@/panel/Facts'
import { showTab } from '@/panel/state'
import { useRecipe } from '@/store/recipe'
import { shortName } from '@/training/tune/places'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { Register } from '../Register'
import { isEmpty, metricText, valueText } from '../texts'
import { useTrials } from './Trials'

/** What the best trial is, and what can be done with it: serve it, look at it, train it again, go on from its recipe. */
export function BestTrial({ job, name }: { job: JobView; name: string }) {
  const { t } = useTranslation()
  const best = useTrials(job).data?.best
  const monitor = useTrials(job).data?.monitor ?? ''
  const id = best?.job ?? ''
  const again = useMutation({
    mutationFn: () => got(api.POST('/api/v1/jobs/{job_id}/reproduce', { params: { path: { job_id: id } } })),
    onSuccess: next => goTo(jobPath(next.id)),
  })
  const taking = useMutation({ mutationFn: () => readJob(id), onSuccess: takeOver })
  if (!best) return null
  const values = Object.entries(best.values).map(([key, value]) => [shortName(key), said(value)] as const)
  return (
    <section className="card">
      <h2>{t('jobs:bestTrial')}</h2>
      <Facts facts={[[t('jobs:trial'), `#${best.number}`], [monitor, metricText(best.value)], ...values]} />
      {best.job ? (
        <>
          <div className="actions actions-column">
            <Button icon={<ExternalLink size={15} aria-hidden />} onClick={() => goTo(jobPath(id))}>
              {t('jobs:bestOpen')}
            </Button>
            <Button icon={<Pencil size={15} aria-hidden />} disabled={taking.isPending} onClick={() => taking.mutate()}>
              {t('jobs:bestTake')}
            </Button>
            <Button icon={<Repeat size={15} aria-hidden />} disabled={again.isPending} onClick={() => again.mutate()}>
              {t('jobs:bestAgain')}
            </Button>
          </div>
          {again.error ? <FailureBox title={t('jobs:reproduceFailed')} error={again.error} /> : null}
          {taking.error ? <FailureBox title={t('jobs:readFailed')} error={taking.error} /> : null}
          <Register job={id} name={name} />
        </>
      ) : null}
    </section>
  )
}

const said = (value: unknown) => (typeof value === 'number' ? metricText(value) : valueText(value))

/** Its recipe and data set into the tab Train, its network onto the canvas. */
function takeOver(trained: JobView): void {
  const params = Object.fromEntries(Object.entries(trained.params).filter(([, value]) => !isEmpty(value)))
  useRecipe.setState({ params, ...(trained.dataset ? { dataset: trained.dataset } : {}) })
  showTab('train')
  if (trained.model) goTo(modelPath(trained.model.id))
}
