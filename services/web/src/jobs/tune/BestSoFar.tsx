import { useTranslation } from 'react-i18next'
import type { TrialsView } from '@/client/types'
import { metricText } from '../texts'
import { isBeyond, metricRange, niceTicks, progressOf } from './picture'

const [WIDE, TALL, LEFT, RIGHT, TOP, FOOT] = [720, 170, 72, 16, 10, 42]

/** Each trial's value as a dot, and the best until then as steps. */
export function BestSoFar({ view, asked }: { view: TrialsView; asked: number }) {
  const { t } = useTranslation()
  const steps = progressOf(view)
  if (steps.length === 0) return null
  const [low, high] = metricRange(view)
  const last = Math.max(asked - 1, 1)
  const x = (number: number) => LEFT + (number / last) * WIDE
  const y = (value: number) => TOP + TALL * (1 - Math.min(1, Math.max(0, (value - low) / (high - low))))
  const points = steps.flatMap(({ number, best }, at) => [
    ...(at > 0 ? [`${x(number)},${y(steps[at - 1]?.best ?? best)}`] : []),
    `${x(number)},${y(best)}`,
  ])
  const end = steps.at(-1)
  return (
    <section className="card">
      <h2>{t('jobs:bestSoFar')}</h2>
      <p className="field-hint">
        {t('jobs:bestSoFarHint')}
        {isBeyond(view) ? ` ${t('jobs:beyond')}` : null}
      </p>
      <svg
        className="trials-best-so-far"
        viewBox={`0 0 ${LEFT + WIDE + RIGHT} ${TOP + TALL + FOOT}`}
        role="img"
        aria-label={`${t('jobs:bestSoFar')}: ${view.monitor} ${metricText(end?.best)}`}
      >
        {niceTicks(low, high).map(value => (
          <g key={value} className="trials-axis">
            <line className="trials-grid" x1={LEFT} x2={LEFT + WIDE} y1={y(value)} y2={y(value)} />
            <text x={LEFT - 8} y={y(value) + 4} textAnchor="end">
              {metricText(value)}
            </text>
          </g>
        ))}
        {niceTicks(0, last, 8)
          .filter(Number.isInteger)
          .map(number => (
            <g key={number} className="trials-axis">
              <line x1={x(number)} x2={x(number)} y1={TOP + TALL} y2={TOP + TALL + 4} />
              <text x={x(number)} y={TOP + TALL + 17} textAnchor="middle">
                {number}
              </text>
            </g>
          ))}
        <g className="trials-axis">
          <line x1={LEFT} x2={LEFT + WIDE} y1={TOP + TALL} y2={TOP + TALL} />
          <text className="trials-foot" x={LEFT + WIDE / 2} y={TOP + TALL + 36} textAnchor="middle">
            {t('jobs:trialNumber')}
          </text>
          <text className="trials-foot" transform={`translate(14 ${TOP + TALL / 2}) rotate(-90)`} textAnchor="middle">
            {view.monitor}
          </text>
        </g>
        <polyline className="trials-steps" points={[...points, `${x(last)},${y(end?.best ?? 0)}`].join(' ')} />
        {steps.map(({ number, value, best }) => (
          <circle
            key={number}
            className={value === best && number === view.best?.number ? 'trials-dot-best' : 'trials-dot'}
            cx={x(number)}
            cy={y(value)}
            r={value === best && number === view.best?.number ? 5 : 3.5}
          >
            <title>{`#${number}: ${metricText(value)}`}</title>
          </circle>
        ))}
      </svg>
    </section>
  )
}
