import { Star } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { TrialsView, TrialView } from '@/client/types'
import { useTold } from '@/i18n/told'
import { jobPath } from '@/pages/location'
import { shortName } from '@/training/tune/places'
import { type Column, DataTable } from '@/ui/DataTable'
import { metricText, valueText } from '../texts'
import type { Space } from './picture'

/** Every trial: the best first, those without a value after them. */
export function TrialTable({ view, space }: { view: TrialsView; space: Space }) {
  const { t } = useTranslation()
  const told = useTold()
  const names = Object.keys(space).sort()
  const isBest = (one: TrialView) => one.number === view.best?.number
  const columns: Column<TrialView>[] = [
    {
      id: 'trial',
      title: t('jobs:trial'),
      names: true,
      cell: one => (
        <>
          {one.job ? <Link href={jobPath(one.job)}>{`#${one.number}`}</Link> : `#${one.number}`}
          {isBest(one) ? <Star size={13} role="img" aria-label={t('jobs:bestTrial')} /> : null}
        </>
      ),
    },
    {
      id: 'state',
      title: t('jobs:stateTitle'),
      cell: one => (
        <>
          {t(`jobs:trialState.${one.state}`)}
          {one.note ? <small>{told(one.note)}</small> : null}
        </>
      ),
    },
    { id: 'value', title: view.monitor, number: true, cell: one => metricText(one.value) },
    { id: 'epochs', title: t('jobs:trialEpochs'), number: true, cell: one => one.epochs.length || '' },
    ...names.map(
      (name): Column<TrialView> => ({
        id: `of ${name}`,
        title: shortName(name),
        number: space[name]?.type !== 'choice',
        cell: one => shown(one.values[name]),
      }),
    ),
  ]
  return (
    <section className="card">
      <h2>{t('jobs:trials')}</h2>
      <p className="field-hint">
        {countsOf(view)
          .map(([state, count]) => `${count} ${t(`jobs:trialState.${state}`)}`)
          .join(' · ')}
      </p>
      <div className="trials-table">
        <DataTable
          rows={ordered(view)}
          columns={columns}
          keyOf={one => one.number}
          classOf={one => (isBest(one) ? 'trials-best' : undefined)}
        />
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
