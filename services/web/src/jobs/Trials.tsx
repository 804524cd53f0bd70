import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { readTrials } from '@/api/jobs'
import type { JobView, TrialsView, TrialView } from '@/client/types'
import { jobPath } from '@/pages/location'
import { isFinal } from '@/training/follow'
import { FailureBox } from '@/ui/Failure'
import { BestAsOne } from './BestAsOne'
import { metricText, valueText } from './texts'

const LIVE_MS = 2000

/** What a search has tried: the best first, those without a value after them; its pictures once it has ended. */
export function Trials({ job }: { job: JobView }) {
  const { t } = useTranslation()
  const { data, error } = useQuery({
    queryKey: ['trials', job.id, isFinal(job.state)],
    queryFn: () => readTrials(job.id),
    refetchInterval: isFinal(job.state) ? false : LIVE_MS,
  })
  if (error) return <FailureBox title={t('jobs:readFailed')} error={error} />
  if (!data) return null
  const complete = data.trials.filter(one => one.state === 'complete').length
  const dimensions = [...new Set(data.trials.flatMap(one => Object.keys(one.values)))].sort()
  return (
    <section className="card">
      <h2>{t('jobs:trials')}</h2>
      {data.warnings.map(warning => (
        <p key={warning} role="note">
          {warning}
        </p>
      ))}
      <div className="curve-table">
        <table className="sheet-table">
          <thead>
            <tr>
              <th scope="col">{t('jobs:trial')}</th>
              <th scope="col">{t('jobs:stateTitle')}</th>
              <th scope="col" className="number">
                {data.monitor}
              </th>
              {dimensions.map(name => (
                <th key={name} scope="col" className="number">
                  {name.replace(/^params\.|^model\.layers\./, '')}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ordered(data).map(one => (
              <tr key={one.number}>
                <th scope="row">{one.job ? <Link href={jobPath(one.job)}>{one.number}</Link> : one.number}</th>
                <td title={one.note ?? undefined}>{t(`jobs:trialState.${one.state}`)}</td>
                <td className="number">{metricText(one.value)}</td>
                {dimensions.map(name => (
                  <td key={name} className="number">
                    {shown(one.values[name])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {isFinal(job.state) && complete > 1 ? <BestAsOne job={job} trials={complete} /> : null}
      {job.state === 'succeeded' ? (
        <img
          src={`${job.links.artifacts}/parallel-coordinates.png`}
          alt={t('jobs:parallel')}
          style={{ maxWidth: '100%' }}
        />
      ) : null}
    </section>
  )
}

const shown = (value: unknown) => (typeof value === 'number' ? metricText(value) : valueText(value))

function ordered({ trials, higher_is_better: higher }: TrialsView): TrialView[] {
  const rank = ({ value }: TrialView) =>
    value === null || value === undefined ? Number.POSITIVE_INFINITY : higher ? -value : value
  return [...trials].sort((one, two) => (rank(one) === rank(two) ? one.number - two.number : rank(one) - rank(two)))
}
