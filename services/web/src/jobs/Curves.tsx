import { type ReactNode, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { lazyPart } from '@/api/parts'
import type { Chart } from '@/training/charts'
import { CurveTable } from './CurveTable'
import { metricName } from './texts'

/** uPlot comes when the first curve is to be drawn. */
const CurveChart = lazyPart(() => import('./CurveChart'))

type Props = {
  charts: readonly Chart[]
  /** Of all runs, in the order of their colours, where several are compared. */
  names?: readonly string[]
  /** Told where there is no curve. */
  none?: string
  children?: ReactNode
}

/** A chart for each metric, and the same as tables. */
export function Curves({ charts, names, none, children }: Props) {
  const { t } = useTranslation()
  return (
    <section className="card" aria-label={t('jobs:curves')}>
      <h2>{t('jobs:curves')}</h2>
      {charts.length === 0 ? <p className="field-hint">{none ?? t('jobs:noCurves')}</p> : null}
      {charts.length > 0 ? children : null}
      {charts.map(chart => (
        <section
          key={`${chart.metric} ${chart.unit}`}
          className="curve"
          data-metric={chart.metric}
          data-points={points(chart)}
        >
          <h3>{metricName(t, chart.metric)}</h3>
          <Suspense fallback={<div className="curve-plot" />}>
            <CurveChart chart={chart} names={names} />
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
