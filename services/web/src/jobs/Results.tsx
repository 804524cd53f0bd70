import { Download } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { type JobView, WEIGHTS_FORMATS } from '@/client/types'
import { Facts } from '@/panel/Facts'
import { metricsOf } from '@/training/events'
import type { Run } from '@/training/run'
import { Register } from './Register'
import { firstOutput, metricName, metricText } from './texts'

const JUDGED = /^(test|val|train)_/

/** What the job made: its metrics, its weights in each format, and the way to serve it. */
export function Results({ job, run, name }: { job: JobView; run: Run; name: string }) {
  const { t } = useTranslation()
  const said = job.kind === 'ensemble' ? Object.fromEntries(Object.entries(run.finals).filter(judged)) : run.finals
  const finals = { ...Object.fromEntries(Object.entries(metricsOf(job.metrics)).filter(judged)), ...said }
  const metrics = job.state === 'succeeded' ? Object.entries(finals).sort(bySplit) : []
  const first = firstOutput(metrics.map(([key]) => key))
  if (job.state !== 'succeeded') return null
  return (
    <section className="card">
      <h2>{t('jobs:results')}</h2>
      {metrics.length > 0 ? (
        <Facts facts={metrics.map(([key, value]) => [metricName(t, key, first), metricText(value)] as const)} />
      ) : null}
      {job.links.weights ? (
        <>
          <h3>{t('jobs:weights')}</h3>
          <p className="chips">
            {WEIGHTS_FORMATS.map(format => (
              <a key={format} className="chip jobs-weights" href={`${job.links.weights}?format=${format}`} download>
                <Download size={13} aria-hidden />
                {format}
              </a>
            ))}
          </p>
          <Register job={job.id} name={name} />
        </>
      ) : null}
    </section>
  )
}

const SPLITS = ['test', 'val', 'train']

/** Test before validation before training, each in the order in which its metrics were told. */
const bySplit = ([one]: [string, number], [two]: [string, number]) => placeOf(one) - placeOf(two)
const placeOf = (key: string) => SPLITS.findIndex(split => key.startsWith(`${split}_`)) >>> 0

const judged = ([key]: [string, number]) => JUDGED.test(key)
