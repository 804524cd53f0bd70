import { useTranslation } from 'react-i18next'
import { useArtifact } from '@/api/artifacts'
import { type Histogram, isHealthy } from '@/training/looks'
import { metricText } from '../texts'
import type { InsightProps } from './panels'

/** Steps, values and gradients of each layer: the newest look, also after the training. */
export function Layers({ job, run }: InsightProps) {
  const { t } = useTranslation()
  const { data } = useArtifact(job, 'insight.json')
  const look = run.look ?? data?.at(-1)
  if (!look) return null
  return (
    <section className="card">
      <h2>{look.first_batch ? t('jobs:layersFirst') : t('jobs:layers', { epoch: look.epoch })}</h2>
      <p className="field-hint">{t('jobs:layersHint')}</p>
      <div className="curve-table">
        <table className="sheet-table">
          <thead>
            <tr>
              <th scope="col">{t('jobs:layer')}</th>
              <th scope="col" className="number">
                {t('jobs:updateRatio')}
              </th>
              <th scope="col" className="number">
                {t('jobs:dead')}
              </th>
              <th scope="col">{t('jobs:layerWeights')}</th>
              <th scope="col">{t('jobs:activations')}</th>
              <th scope="col">{t('jobs:gradients')}</th>
            </tr>
          </thead>
          <tbody>
            {look.layers.map(row => (
              <tr key={row.layer}>
                <th scope="row">{row.layer}</th>
                <td className={`number ${isOdd(row.update_ratio) ? 'insight-odd' : ''}`}>
                  {row.update_ratio === undefined ? '' : row.update_ratio.toExponential(1)}
                </td>
                <td className={`number ${(row.dead ?? 0) > 0.5 ? 'insight-odd' : ''}`}>
                  {row.dead === undefined ? '' : `${(100 * row.dead).toFixed(0)} %`}
                </td>
                <td>{row.weights ? <Bars of={row.weights} /> : null}</td>
                <td>{row.activation ? <Bars of={row.activation} /> : null}</td>
                <td>{row.gradient ? <Bars of={row.gradient} /> : null}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

const isOdd = (ratio: number | undefined) => ratio !== undefined && !isHealthy(ratio)

function Bars({ of: { low, high, counts } }: { of: Histogram }) {
  const most = Math.max(1, ...counts)
  const range = `${metricText(low ?? Number.NaN)} … ${metricText(high ?? Number.NaN)}`
  return (
    <figure className="insight-bars">
      <svg viewBox={`0 0 ${counts.length} 1`} preserveAspectRatio="none" role="img" aria-label={range}>
        {counts.map((count, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place
          <rect key={at} x={at} y={1 - count / most} width={0.9} height={count / most} />
        ))}
      </svg>
      <figcaption>{range}</figcaption>
    </figure>
  )
}
