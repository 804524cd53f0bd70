import { useMutation } from '@tanstack/react-query'
import { Download, PackagePlus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { registerOperator } from '@/api/jobs'
import { type JobView, WEIGHTS_FORMATS } from '@/client/types'
import { Facts } from '@/panel/Facts'
import { metricsOf } from '@/training/events'
import type { Run } from '@/training/run'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { Field } from '@/ui/Field'
import { metricText } from './texts'

const JUDGED = /^(test|val|train)_/

/** What the job made: its metrics, its weights in each format, and the way to serve it. */
export function Results({ job, run, name }: { job: JobView; run: Run; name: string }) {
  const { t } = useTranslation()
  const said = job.kind === 'ensemble' ? Object.fromEntries(Object.entries(run.finals).filter(judged)) : run.finals
  const finals = { ...Object.fromEntries(Object.entries(metricsOf(job.metrics)).filter(judged)), ...said }
  const metrics = job.state === 'succeeded' ? Object.entries(finals) : []
  if (job.state !== 'succeeded') return null
  return (
    <section className="card">
      <h2>{t('jobs:results')}</h2>
      {metrics.length > 0 ? (
        <Facts
          facts={metrics.map(
            ([key, value]) => [t(`jobs:verdict.${key}`, { defaultValue: key }), metricText(value)] as const,
          )}
        />
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
          <Register job={job.id} name={operatorName(name)} />
        </>
      ) : null}
    </section>
  )
}

const judged = ([key]: [string, number]) => JUDGED.test(key)

function Register({ job, name: first }: { job: string; name: string }) {
  const { t } = useTranslation()
  const [name, setName] = useState<string>()
  const registering = useMutation({ mutationFn: (chosen: string) => registerOperator(chosen, job) })
  const chosen = name ?? first
  const done = registering.data
  return (
    <form
      className="jobs-register"
      onSubmit={event => {
        event.preventDefault()
        registering.mutate(chosen.trim())
      }}
    >
      <Field label={t('jobs:operatorName')} hint={t('jobs:operatorHint')}>
        {ids => (
          <input {...ids} className="input" value={chosen} onChange={({ target }) => setName(target.value)} required />
        )}
      </Field>
      <Button type="submit" icon={<PackagePlus size={15} aria-hidden />} disabled={registering.isPending}>
        {registering.isPending ? t('jobs:registering') : t('jobs:register')}
      </Button>
      {done ? (
        <p className="panel-good" role="status">
          {t('jobs:registered', { name: done.name, version: done.version })}
        </p>
      ) : null}
      {registering.error ? <FailureBox title={t('jobs:registerFailed')} error={registering.error} /> : null}
    </form>
  )
}

/** A model's name as an operator may be called. */
function operatorName(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9_-]+/g, '-')
  return plain.replace(/^[^a-z0-9]+|-+$/g, '').slice(0, 63) || 'operator'
}
