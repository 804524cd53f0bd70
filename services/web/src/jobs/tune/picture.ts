import type { TrialsView, TrialView } from '@/client/types'

/** A dimension as the job's params have it. */
export type Ranged = { type: 'float' | 'int'; low: number; high: number; log: boolean }
export type Dimension = Ranged | { type: 'choice'; choices: readonly unknown[] }
export type Space = Readonly<Record<string, Dimension>>

/** Where a value lies on its axis, from 0 (below) to 1; by logarithms on a log scale. */
export function shareOf(dimension: Dimension, value: unknown): number {
  if (dimension.type === 'choice') {
    const text = JSON.stringify(value)
    const place = dimension.choices.findIndex(one => JSON.stringify(one) === text)
    return dimension.choices.length < 2 ? 0.5 : place / (dimension.choices.length - 1)
  }
  const scale = (number: number) => (dimension.log ? Math.log(number) : number)
  const [low, high] = [scale(dimension.low), scale(dimension.high)]
  return (scale(Number(value)) - low) / (high - low)
}

export type Tick = { readonly share: number; readonly value: unknown }
const QUARTERS = [0, 0.25, 0.5, 0.75, 1] as const
const MOST_TICKS = 12

/** Labels of an axis: every choice, or both ends and what lies between them. */
export function ticksOf(dimension: Dimension): readonly Tick[] {
  if (dimension.type === 'choice') {
    const step = Math.ceil(dimension.choices.length / MOST_TICKS)
    return dimension.choices
      .filter((_, at) => at % step === 0)
      .map(value => ({ share: shareOf(dimension, value), value }))
  }
  const values = QUARTERS.map(share => valueAt(dimension, share))
  const whole = dimension.type === 'int' ? [...new Set(values.map(Math.round))] : values
  return whole.map(value => ({ share: shareOf(dimension, value), value }))
}

function valueAt({ low, high, log }: Ranged, share: number): number {
  if (share === 0 || share === 1) return share === 0 ? low : high
  return log ? Math.exp(Math.log(low) + share * (Math.log(high) - Math.log(low))) : low + share * (high - low)
}

export type Done = TrialView & { readonly value: number }

/** Trials with a value, in the order in which they were asked for. */
export const withValue = (trials: readonly TrialView[]): readonly Done[] =>
  trials.filter((one): one is Done => one.state === 'complete' && typeof one.value === 'number')

/** From the worst (0) to the best (1), by rank: one trial that went astray must not make all others alike. */
export function goodness({ trials, higher_is_better: higher }: TrialsView): ReadonlyMap<number, number> {
  const ordered = [...withValue(trials)].sort((one, two) => (higher ? one.value - two.value : two.value - one.value))
  return new Map(ordered.map((one, at) => [one.number, ordered.length < 2 ? 1 : at / (ordered.length - 1)]))
}

/** The range of the metric's axis: without what is far worse than the rest, which is drawn at its end. */
export function metricRange({ trials, higher_is_better: higher }: TrialsView): readonly [number, number] {
  const values = withValue(trials)
    .map(one => one.value)
    .sort((one, two) => one - two)
  const [low, high] = [values[0] ?? 0, values.at(-1) ?? 1]
  if (low === high) return [low - 0.5, high + 0.5]
  const middle = values[Math.floor((values.length - 1) / 2)] ?? low
  const far = 4 * (higher ? high - middle : middle - low)
  if (far <= 0) return [low, high]
  return higher ? [Math.max(low, middle - far), high] : [low, Math.min(high, middle + far)]
}

/** Whether a trial is so much worse than the rest that it is drawn at the end of the metric's axis. */
export function isBeyond(view: TrialsView): boolean {
  const [low, high] = metricRange(view)
  return withValue(view.trials).some(({ value }) => value < low || value > high)
}

export type Step = { readonly number: number; readonly value: number; readonly best: number }

/** Each trial's value, and the best until then. */
export function progressOf({ trials, higher_is_better: higher }: TrialsView): readonly Step[] {
  let best: number | null = null
  return withValue(trials).map(({ number, value }) => {
    best = best === null ? value : higher ? Math.max(best, value) : Math.min(best, value)
    return { number, value, best }
  })
}

/** So many round numbers that span a range. */
export function niceTicks(low: number, high: number, count = 4): readonly number[] {
  const rough = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find(one => one * power >= rough) ?? 10) * power
  const first = Math.ceil(low / step)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => Number(((first + at) * step).toPrecision(12)))
}
