import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { aligned, type Chart, type Line } from '@/training/charts'
import { useTheme } from '@/ui/useTheme'
import { colorOf } from './colors'
import { metricName, metricText } from './texts'

const HEIGHT = 214

/** The lines of one metric; drawn anew where the lines or the theme change, else only its numbers change. */
export default function CurveChart({ chart, names }: { chart: Chart; names?: readonly string[] | undefined }) {
  const { t } = useTranslation()
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const data = useRef(aligned(chart.lines))
  data.current = aligned(chart.lines)
  const theme = useTheme()
  const runs = names ?? [...new Set(chart.lines.map(line => line.name))]
  const several = runs.length > 1
  const sides = new Set(chart.lines.map(line => line.side)).size
  const labels = chart.lines.map(line => {
    const side = t(`jobs:side.${line.side}`)
    return several ? (sides > 1 ? `${line.name} · ${side}` : line.name) : side
  })
  const across = t(`jobs:unit.${chart.unit}`)
  const up = metricName(t, chart.metric)
  const key = JSON.stringify([theme, runs, labels, across, up, chart.lines.map(line => line.side)])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says it all
  useEffect(() => {
    const host = box.current
    if (!host) return undefined
    const made = new uPlot(options(host, chart.lines, { labels, runs, across, up }), data.current, host)
    plot.current = made
    made.over.addEventListener('mouseleave', () => showLast(made))
    const watch = new ResizeObserver(() => made.setSize({ width: host.clientWidth, height: HEIGHT }))
    watch.observe(host)
    return () => {
      watch.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [key])
  useEffect(() => {
    const made = plot.current
    if (!made) return
    made.setData(data.current)
    if ((made.cursor.left ?? -1) < 0) showLast(made)
  })
  const last = chart.lines.map((line, at) => `${labels[at]}: ${metricText(line.rows.at(-1)?.metrics[line.metric])}`)
  return <div ref={box} className="curve-plot" role="img" aria-label={last.join(', ')} />
}

/** The legend tells where each line ends, unless somebody points at a place. */
function showLast(plot: uPlot): void {
  const last = (values: ArrayLike<number | null | undefined>) => {
    let at = values.length - 1
    while (at > 0 && values[at] == null) at -= 1
    return at < 0 ? null : at
  }
  plot.setLegend({ idxs: plot.data.map(last) }, false)
}

type Names = {
  readonly labels: readonly string[]
  readonly runs: readonly string[]
  readonly across: string
  readonly up: string
}

function options(host: HTMLElement, lines: readonly Line[], { labels, runs, across, up }: Names): uPlot.Options {
  const color = (token: string) => getComputedStyle(host).getPropertyValue(token).trim()
  const axis = {
    stroke: color('--muted'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { stroke: color('--line'), width: 1 },
    font: '11px system-ui, sans-serif',
    labelFont: '11px system-ui, sans-serif',
    labelSize: 18,
  }
  const strokeOf = (line: Line, at: number) => color(colorOf(runs.length > 1 ? runs.indexOf(line.name) : at))
  return {
    width: Math.max(200, host.clientWidth),
    height: HEIGHT,
    scales: {
      x: { time: false, range: (_plot, min, max) => (min === max ? [(min ?? 0) - 1, (max ?? 0) + 1] : [min, max]) },
    },
    cursor: { drag: { x: true, y: false } },
    axes: [
      {
        ...axis,
        label: across,
        size: 34,
        space: 60,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 1_000_000],
      },
      { ...axis, label: up, size: 64, values: (_plot, values) => values.map(value => metricText(value)) },
    ],
    series: [
      { label: across, value: (_plot, value) => (value === null ? '–' : String(Number(value.toFixed(2)))) },
      ...lines.map((line, at) => ({
        label: labels[at] ?? line.metric,
        stroke: strokeOf(line, at),
        width: 2,
        spanGaps: true,
        ...(line.side === 'validation' ? { dash: [6, 4] } : {}),
        points: { show: line.rows.length < 40, size: 5, fill: color('--surface') },
        value: (_plot: uPlot, value: number | null) => metricText(value),
      })),
    ],
  }
}
