import { Star } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { TrialsView, TrialView } from '@/client/types'
import { jobPath } from '@/pages/location'
import { shortName } from '@/training/tune/places'
import { metricText, valueText } from '../texts'
import type { Space } from './picture'

/** Every trial: the best first, those without a value after them. */
export function TrialTable({ view, space }: { view: TrialsView; space: Space }) {
  const { t } = useTranslation()
  const names = Object.keys(space).sort()
  const side = (name: string) => (space[name]?.type === 'choice' ? '' : 'number')
  return (
    <section className="card">
      <h2>{t('jobs:trials')}</h2>
      <p className="field-hint">
        {countsOf(view)
          .map(([state, count]) => `${count} ${t(`jobs:trialState.${state}`)}`)
          .join(' · ')}
      </p>
      <div className="trials-table">
        <table className="sheet-table">
          <thead>
            <tr>
              <th scope="col">{t('jobs:trial')}</th>
              <th scope="col">{t('jobs:stateTitle')}</th>
              <th scope="col" className="number">
                {view.monitor}
              </th>
              <th scope="col" className="number">
                {t('jobs:trialEpochs')}
              </th>
              {names.map(name => (
                <th key={name} scope="col" className={side(name)}>
                  {shortName(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ordered(view).map(one => (
              <tr key={one.number} className={one.number === view.best?.number ? 'trials-best' : ''}>
                <th scope="row">
                  {one.job ? <Link href={jobPath(one.job)}>{`#${one.number}`}</Link> : `#${one.number}`}
                  {one.number === view.best?.number ? (
                    <Star size={13} role="img" aria-label={t('jobs:bestTrial')} />
                  ) : null}
                </th>
                <td>
                  {t(`jobs:trialState.${one.state}`)}
                  {one.note ? <small>{one.note}</small> : null}
                </td>
                <td className="number">{metricText(one.value)}</td>
                <td className="number">{one.epochs.length || ''}</td>
                {names.map(name => (
                  <td key={name} className={side(name)}>
                    {shown(one.values[name])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

const shown = (value: unknown) => (typeof value === 'number' ? metricText(value) : valueText(value))

function ordered({ trials, higher_is_better: higher }: TrialsView): TrialView[] {
  const rank = ({ value }: TrialView) =>
    value === null || value === undefined ? Number.POSITIVE_INFINITY : higher ? -value : value
  return [...trials].sort((one, two) => (rank(one) === rank(two) ? one.number - two.number : rank(one) - rank(two)))
}

const STATES = ['complete', 'pruned', 'running', 'queued', 'failed', 'cancelled', 'stopped'] as const

/** How many trials are in each state that there is. */
const countsOf = ({ trials }: TrialsView) =>
  STATES.map(state => [state, trials.filter(one => one.state === state).length] as const).filter(
    ([, count]) => count > 0,
  )
