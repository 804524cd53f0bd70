import { useTranslation } from 'react-i18next'
import { useArtifact } from '@/api/artifacts'
import type { JobView } from '@/client/types'
import { shortName } from '@/training/tune/places'

/** How much each dimension counts for a trial to be good; once the search has ended, from eight complete trials on. */
export function Importance({ job }: { job: JobView }) {
  const { t } = useTranslation()
  const { data } = useArtifact(job, 'trials.json')
  if (!data) return null
  const shares = Object.entries(data.importance ?? {}).sort(([, one], [, two]) => two - one)
  return (
    <section className="card">
      <h2>{t('jobs:importance')}</h2>
      <p className="field-hint">{t(shares.length > 0 ? 'jobs:importanceHint' : 'jobs:importanceFew')}</p>
      {shares.length > 0 ? (
        <dl className="trials-shares">
          {shares.map(([name, share]) => (
            <div key={name}>
              <dt title={name}>{shortName(name)}</dt>
              <dd>
                <meter min={0} max={1} value={share} aria-label={shortName(name)} />
                <span>{`${Math.round(100 * share)} %`}</span>
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
    </section>
  )
}
