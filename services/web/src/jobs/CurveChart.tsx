import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { aligned, type Chart, type Line } from '@/training/charts'
import { useTheme } from '@/ui/useTheme'
import { metricName, metricText } from './texts'

const HEIGHT = 214
/** Tokens of `tokens.css`, one a line. */
const COLORS = [
  '--accent',
  '--group-activation',
  '--group-normalization',
  '--group-attention',
  '--group-vision',
  '--group-noise',
]

/** The lines of one metric; drawn anew where the lines or the theme change, else only its numbers change. */
export default function CurveChart({ chart }: { chart: Chart }) {
  const { t } = useTranslation()
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const data = useRef(aligned(chart.lines))
  data.current = aligned(chart.lines)
  const theme = useTheme()
  const several = new Set(chart.lines.map(line => line.name)).size > 1
  const labels = chart.lines.map(line => {
    const side = t(`jobs:side.${line.side}`)
    return several ? `${line.name} · ${side}` : side
  })
  const across = t(`jobs:unit.${chart.unit}`)
  const up = metricName(t, chart.metric)
  const key = JSON.stringify([theme, labels, across, up, chart.lines.map(line => line.side)])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says it all
  useEffect(() => {
    const host = box.current
    if (!host) return undefined
    const made = new uPlot(options(host, chart.lines, labels, { across, up }), data.current, host)
    plot.current = made
    const watch = new ResizeObserver(() => made.setSize({ width: host.clientWidth, height: HEIGHT }))
    watch.observe(host)
    return () => {
      watch.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [key])
  useEffect(() => plot.current?.setData(data.current))
  const last = chart.lines.map((line, at) => `${labels[at]}: ${metricText(line.rows.at(-1)?.metrics[line.metric])}`)
  return <div ref={box} className="curve-plot" role="img" aria-label={last.join(', ')} />
}

type Titles = { readonly across: string; readonly up: string }

function options(host: HTMLElement, lines: readonly Line[], labels: readonly string[], titles: Titles): uPlot.Options {
  const color = (token: string) => getComputedStyle(host).getPropertyValue(token).trim()
  const axis = {
    stroke: color('--muted'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { stroke: color('--line'), width: 1 },
    font: '11px system-ui, sans-serif',
    labelFont: '11px system-ui, sans-serif',
    labelSize: 18,
  }
  const runs = [...new Set(lines.map(line => line.name))]
  const colorOf = (line: Line, at: number) =>
    color(COLORS[(runs.length > 1 ? runs.indexOf(line.name) : at) % COLORS.length] ?? '--accent')
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
        label: titles.across,
        size: 34,
        space: 60,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 1_000_000],
      },
      { ...axis, label: titles.up, size: 64, values: (_plot, values) => values.map(value => metricText(value)) },
    ],
    series: [
      { label: titles.across, value: (_plot, value) => (value === null ? '–' : String(Number(value.toFixed(2)))) },
      ...lines.map((line, at) => ({
        label: labels[at] ?? line.metric,
        stroke: colorOf(line, at),
        width: 2,
        spanGaps: true,
        ...(line.side === 'validation' ? { dash: [6, 4] } : {}),
        points: { show: line.rows.length < 40, size: 5, fill: color('--surface') },
        value: (_plot: uPlot, value: number | null) => metricText(value),
      })),
    ],
  }
}
