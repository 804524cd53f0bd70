import type { Row, Run } from './run'

export type Side = 'train' | 'validation' | 'episode' | 'mean' | 'greedy'
/** A curve; `name` tells whose it is where several runs are compared. */
export type Line = {
  readonly side: Side
  readonly name: string
  readonly rows: readonly Row[]
  readonly metric: string
}
export type Chart = { readonly metric: string; readonly unit: 'epoch' | 'step'; readonly lines: readonly Line[] }

const VALIDATION = 'val_'
export const RATE = 'learning_rate'
const RETURN = 'return'
/** What is shown with the returns of single episodes. */
const RETURNS: Readonly<Record<string, Side>> = { return: 'episode', mean_return: 'mean', greedy_return: 'greedy' }

/** A chart for each metric, training and validation together: the loss first, the learning rate last where it changes. */
export function chartsOf(runs: readonly { readonly name: string; readonly run: Run }[]): Chart[] {
  const lines = runs.flatMap(({ name, run }) => linesOf(name, run))
  const metrics = [...new Set(lines.map(line => baseOf(line.metric)))].sort((a, b) => rank(a) - rank(b))
  const unit = runs.some(({ run }) => run.step !== null) ? 'step' : 'epoch'
  return metrics
    .map((metric): Chart => ({ metric, unit, lines: lines.filter(line => baseOf(line.metric) === metric) }))
    .filter(chart => chart.metric !== RATE || chart.lines.some(changes))
}

function linesOf(name: string, run: Run): Line[] {
  const rows = [...run.rows, ...run.live]
  const metrics = [...new Set(rows.flatMap(row => Object.keys(row.metrics)))]
  return metrics.map(metric => ({
    side: RETURNS[metric] ?? (metric.startsWith(VALIDATION) ? 'validation' : 'train'),
    name,
    metric,
    rows: (metric === RATE && run.rates.length > 0 ? run.rates : rows).filter(row => row.metrics[metric] !== undefined),
  }))
}

const baseOf = (metric: string) =>
  metric in RETURNS ? RETURN : metric.startsWith(VALIDATION) ? metric.slice(VALIDATION.length) : metric
const rank = (metric: string) => (metric === RETURN ? -1 : metric === 'loss' ? 0 : metric === RATE ? 2 : 1)
/** By more than rounding to 32 bits. */
function changes({ rows, metric }: Line): boolean {
  const values = rows.map(row => row.metrics[metric] ?? 0)
  const most = Math.max(...values)
  return most - Math.min(...values) > 1e-6 * Math.abs(most)
}

/** The places on the x axis and, for each line, its value there or null: what a plot takes. */
export function aligned(lines: readonly Line[]): [number[], ...(number | null)[][]] {
  const places = [...new Set(lines.flatMap(line => line.rows.map(row => row.x)))].sort((a, b) => a - b)
  const columns = lines.map(({ rows, metric }) => {
    const values = new Map(rows.map(row => [row.x, row.metrics[metric] ?? null]))
    return places.map(x => values.get(x) ?? null)
  })
  return [places, ...columns]
}
