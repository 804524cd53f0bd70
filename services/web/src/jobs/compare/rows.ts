import type { JobView } from '@/client/types'
import type { Run } from '@/training/run'
import { isEmpty } from '../texts'

/** A line of a table that has a column for each run: `null` where a run has no such value. */
export type Row = { readonly name: string; readonly values: readonly unknown[] }
export type Best = { readonly value: number; readonly x: number; readonly by: 'epoch' | 'step' }
/** A job, or why there is none: `gone` where it was deleted. */
export type Compared = { readonly id: string; readonly job: JobView | null; readonly gone: boolean }

type Values = Readonly<Record<string, unknown>>

/** Told in lines of their own. */
const ELSEWHERE = new Set(['seed'])
const HIGHER = /(^|_)(accuracy|auc|precision|recall|return)$/
const LOWER = /(^|_)(loss|mse|mae|rmse|error|crossentropy)$/
/** Where a job stands rather than what it came to. */
const PLACES = /^(epoch|epochs|batch|step|episode|learning_rate|epsilon)$/

/** What was asked, flat: `optimizer.momentum`; a field that was left out has the value that was chosen. */
export function asked({ params, chosen }: JobView): Values {
  const picked = Object.entries(chosen ?? {})
    .filter(([name]) => isEmpty(params[name]) && name in params)
    .map(([name, { value }]) => [name, value])
  const all = flat({ ...params, ...Object.fromEntries(picked) })
  return Object.fromEntries(Object.entries(all).filter(([name]) => !ELSEWHERE.has(name)))
}

/** The seed that a job was given or chose. */
export function seedOf({ params, chosen }: JobView): unknown {
  return params.seed ?? chosen?.seed?.value ?? null
}

/** The metrics that a job ended with. */
export function ended({ metrics }: JobView): Values {
  const numbers = Object.entries(metrics).filter(([name, value]) => typeof value === 'number' && !PLACES.test(name))
  return Object.fromEntries(numbers)
}

function flat(values: Values, before = ''): Values {
  const found: [string, unknown][] = Object.entries(values).flatMap(([name, value]) =>
    isMapping(value) ? Object.entries(flat(value, `${before}${name}.`)) : [[before + name, value]],
  )
  return Object.fromEntries(found.filter(([, value]) => !isEmpty(value)))
}

const isMapping = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0

/** A line for every name that one of the tables has, in the order in which they come. */
export function sideBySide(tables: readonly (Values | null)[]): Row[] {
  const names = [...new Set(tables.flatMap(table => Object.keys(table ?? {})))]
  return names.map(name => ({ name, values: tables.map(table => table?.[name] ?? null) }))
}

/** Whether the runs that are there do not all have the same. */
export function differs({ values }: Row, there: readonly boolean[]): boolean {
  return new Set(values.filter((_, at) => there[at]).map(value => JSON.stringify(value))).size > 1
}

/** Whether more of a metric is better, or less; null where nobody can say. */
export function wayOf(metric: string): 'higher' | 'lower' | null {
  return HIGHER.test(metric) ? 'higher' : LOWER.test(metric) ? 'lower' : null
}

/** Why no run is the best in a metric: they learned from different data, or had another loss, where that is compared. */
export function whyNoBest({ name, values }: Row, jobs: readonly (JobView | null)[]): 'dataset' | 'loss' | null {
  const those = jobs.filter((job, at): job is JobView => job !== null && values[at] !== null)
  if (those.length < 2 || wayOf(name) === null) return null
  if (unlike(those.map(job => [job.dataset, job.params.environment]))) return 'dataset'
  return /(^|_)loss$/.test(name) && unlike(those.map(lossOf)) ? 'loss' : null
}

const lossOf = (job: JobView) => Object.entries(asked(job)).filter(([name]) => /(^|\.)loss/.test(name))

const unlike = (values: readonly unknown[]) => new Set(values.map(value => JSON.stringify(value))).size > 1

/** Which columns hold the best value: none where fewer than two have one, or where all have the same. */
export function bestColumns(metric: string, values: readonly unknown[]): ReadonlySet<number> {
  const numbers = values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value))
  const way = wayOf(metric)
  if (way === null || numbers.length < 2 || new Set(numbers).size < 2) return new Set()
  const best = way === 'higher' ? Math.max(...numbers) : Math.min(...numbers)
  return new Set(values.flatMap((value, at) => (value === best ? [at] : [])))
}

/** The best that each metric was at the end of an epoch, or of an evaluation, and at which. */
export function bestOf({ rows, step }: Run): Readonly<Record<string, Best>> {
  const by = step === null ? 'epoch' : 'step'
  const names = [...new Set(rows.flatMap(row => Object.keys(row.metrics)))].filter(name => !PLACES.test(name))
  return Object.fromEntries(
    names.flatMap(name => {
      const found = rows.flatMap(({ x, metrics }) =>
        name in metrics ? [{ value: metrics[name] ?? 0, x, by } as const] : [],
      )
      const way = wayOf(name)
      const better = (one: Best, two: Best) => (way === 'higher' ? two.value > one.value : two.value < one.value)
      return way === null ? [] : [[name, found.reduce((one, two) => (better(one, two) ? two : one))]]
    }),
  )
}
