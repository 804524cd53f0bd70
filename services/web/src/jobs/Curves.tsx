import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import type { Chart } from '@/training/charts'
import { CurveTable } from './CurveTable'
import { metricName } from './texts'

/** uPlot comes when the first curve is to be drawn. */
const CurveChart = lazy(() => import('./CurveChart'))

/** A chart for each metric, and the same as tables. */
export function Curves({ charts }: { charts: readonly Chart[] }) {
  const { t } = useTranslation()
  return (
    <section className="card" aria-label={t('jobs:curves')}>
      <h2>{t('jobs:curves')}</h2>
      {charts.length === 0 ? <p className="field-hint">{t('jobs:noCurves')}</p> : null}
      {charts.map(chart => (
        <section key={chart.metric} className="curve" data-metric={chart.metric} data-points={points(chart)}>
          <h3>{metricName(t, chart.metric)}</h3>
          <Suspense fallback={<div className="curve-plot" />}>
            <CurveChart chart={chart} />
          </Suspense>
        </section>
      ))}
      {charts.length > 0 ? (
        <details>
          <summary>{t('jobs:asTable')}</summary>
          <CurveTable charts={charts} />
        </details>
      ) : null}
    </section>
  )
}

const points = ({ lines }: Chart) => lines.reduce((count, line) => count + line.rows.length, 0)
