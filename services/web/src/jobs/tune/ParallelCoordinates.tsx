import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { TrialsView, TrialView } from '@/client/types'
import { jobPath } from '@/pages/location'
import { shortName } from '@/training/tune/places'
import { metricText, valueText } from '../texts'
import { goodness, isBeyond, metricRange, niceTicks, type Space, shareOf, type Tick, ticksOf } from './picture'

const GAP = 150
const LEFT = 24
const RIGHT = 84
const TOP = 46
const TALL = 240
const FOOT = 30
const LONGEST = 20

const y = (share: number) => TOP + TALL * (1 - Math.min(1, Math.max(0, share)))

/** A line for each trial through an axis for each dimension, the metric's axis last. */
export function ParallelCoordinates({ view, space }: { view: TrialsView; space: Space }) {
  const { t } = useTranslation()
  const names = Object.keys(space).sort()
  const shown = view.trials.filter(one => one.state === 'complete' || one.state === 'pruned')
  if (shown.length === 0) return null
  const good = goodness(view)
  const [low, high] = metricRange(view)
  const gap = Math.max(GAP, 620 / names.length)
  const x = (place: number) => LEFT + place * gap
  const width = x(names.length) + RIGHT
  const best = view.best?.number
  const rank = (one: TrialView) => (one.number === best ? 2 : (good.get(one.number) ?? -1))
  const path = (one: TrialView) => {
    const points = names.map((name, place) => {
      const dimension = space[name]
      return `${x(place)},${y(dimension ? shareOf(dimension, one.values[name]) : 0)}`
    })
    if (one.state === 'complete' && typeof one.value === 'number')
      points.push(`${x(names.length)},${y((one.value - low) / (high - low))}`)
    return points.join(' ')
  }
  const metricTicks = niceTicks(low, high).map(value => ({ share: (value - low) / (high - low), value }))
  return (
    <section className="card">
      <h2>{t('jobs:parallelTitle')}</h2>
      <p className="field-hint">
        {t(view.higher_is_better ? 'jobs:parallelHigher' : 'jobs:parallelLower', { metric: view.monitor })}
        {isBeyond(view) ? ` ${t('jobs:beyond')}` : null}
      </p>
      <p className="trials-legend" aria-hidden>
        <span className="trials-key-best">{t('jobs:bestTrial')}</span>
        <span className="trials-key-scale">{t('jobs:worstToBest')}</span>
        {shown.some(one => one.state === 'pruned') ? (
          <span className="trials-key-pruned">{t('jobs:trialState.pruned')}</span>
        ) : null}
      </p>
      <div className="trials-scroll">
        <svg
          className="trials-parallel"
          width={width}
          height={TOP + TALL + FOOT}
          role="img"
          aria-label={t('jobs:parallel')}
        >
          {[...shown]
            .sort((one, two) => rank(one) - rank(two))
            .map(one => (
              // beside the order of keys: the table below has the same link
              <Link key={one.number} className={lineClass(one, best)} href={jobPath(one.job ?? '')} tabIndex={-1}>
                <title>{tip(one, view.monitor, names)}</title>
                <polyline className="trials-grip" points={path(one)} />
                <polyline points={path(one)} style={colour(good.get(one.number))} />
              </Link>
            ))}
          {names.map((name, place) => (
            <Axis
              key={name}
              x={x(place)}
              title={shortName(name)}
              ticks={space[name] ? ticksOf(space[name]) : []}
              foot={t(`jobs:scale.${scaleOf(space, name)}`)}
            />
          ))}
          <Axis x={x(names.length)} title={view.monitor} ticks={metricTicks} foot={t('jobs:scale.linear')} />
        </svg>
      </div>
    </section>
  )
}

const lineClass = (one: TrialView, best: number | undefined) =>
  one.number === best ? 'trials-line-best' : one.state === 'pruned' ? 'trials-line-pruned' : 'trials-line'

const colour = (share: number | undefined) =>
  share === undefined
    ? {}
    : { stroke: `color-mix(in oklab, var(--accent) ${Math.round(100 * share)}%, var(--trial-worst))` }

function scaleOf(space: Space, name: string): 'choice' | 'log' | 'linear' {
  const dimension = space[name]
  if (dimension === undefined || dimension.type === 'choice') return 'choice'
  return dimension.log ? 'log' : 'linear'
}

const text = (value: unknown) =>
  typeof value === 'number' ? metricText(Number(value.toPrecision(3))) : cut(valueText(value))

const cut = (one: string) => (one.length > LONGEST ? `${one.slice(0, LONGEST - 1)}…` : one)

function tip(one: TrialView, metric: string, names: readonly string[]): string {
  const values = names.map(name => `${shortName(name)}: ${text(one.values[name])}`)
  const value = typeof one.value === 'number' ? [`${metric}: ${metricText(one.value)}`] : []
  return [`#${one.number}`, ...value, ...values].join('\n')
}

type AxisProps = { readonly x: number; readonly title: string; readonly ticks: readonly Tick[]; readonly foot: string }

function Axis({ x, title, ticks, foot }: AxisProps) {
  const first = x === LEFT
  return (
    <g className="trials-axis">
      <text x={first ? x - 8 : x} y={TOP - 18} textAnchor={first ? 'start' : 'middle'} className="trials-axis-title">
        <title>{title}</title>
        {cut(title)}
      </text>
      <line x1={x} x2={x} y1={TOP} y2={TOP + TALL} />
      <text x={first ? x - 8 : x} y={TOP + TALL + 20} textAnchor={first ? 'start' : 'middle'} className="trials-foot">
        {foot}
      </text>
      {ticks.map(({ share, value }) => (
        <g key={share}>
          <line x1={x - 4} x2={x + 4} y1={y(share)} y2={y(share)} />
          <text x={x + 9} y={y(share) + 4}>
            {text(value)}
          </text>
        </g>
      ))}
    </g>
  )
}
