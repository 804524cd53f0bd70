import { layerOf, type Place } from './places'

/** A dimension as it is being written; the server reads it as a range or as choices. */
export type Dimension = {
  readonly name: string
  readonly type: 'float' | 'int' | 'choice'
  readonly low: string
  readonly high: string
  readonly log: boolean
  /** Values as text: `sgd, adam`, or JSON: `[3, 3], [5, 5]`. */
  readonly choices: string
}

/** Why a dimension begins as it does: a key of `tune:why`, and what it speaks of. */
export type Why = { readonly key: string; readonly value: string }

const LOG_FROM = 8
/** A range that spans so many times its low end is gone through by orders of magnitude. */
const MOST_AT_ONCE = 4
/** Of so many choices all are taken at first. */

/** A dimension to begin with, for what holds now, and why it is so. */
export function suggested(place: Place): { readonly dimension: Dimension; readonly why: Why } {
  const { name, kind } = place
  if (kind === 'choice') {
    const all = place.choices ?? []
    const taken = all.length <= MOST_AT_ONCE ? all : all.slice(0, 2)
    const choices = taken.length > 1 ? taken : place.value === undefined ? [] : [place.value]
    const dimension = { name, type: kind, low: '', high: '', log: false, choices: choicesText(choices) }
    return { dimension, why: { key: place.choices === null ? 'written' : 'choices', value: '' } }
  }
  const { low, high, log, why } = kind === 'int' ? wholeRange(place) : realRange(place)
  const text = (value: number) => String(Number(value.toPrecision(6)))
  return { dimension: { name, type: kind, low: text(low), high: text(high), log, choices: '' }, why }
}

type Range = { readonly low: number; readonly high: number; readonly log: boolean; readonly why: Why }

function wholeRange({ limits, value }: Place): Range {
  const least = limits.least ?? 1
  const most = limits.most ?? Number.POSITIVE_INFINITY
  const known = typeof value === 'number' && value > 0
  const low = Math.max(least, known ? Math.round(value / 4) : least)
  const high = Math.max(low + 1, Math.min(most, known ? value * 4 : least + 9))
  const log = low > 0 && high / low >= LOG_FROM
  return { low, high, log, why: known ? { key: 'around', value: String(value) } : { key: 'bounds', value: '' } }
}

function realRange({ limits, value }: Place): Range {
  const { least, most } = limits
  const share = typeof least === 'number' && typeof most === 'number' && most - least <= 1
  if (share) {
    const inset = (most - least) / 20
    const low = limits.above ? least + inset : least
    const half = least + (most - least) / 2
    if (typeof value === 'number' && value < half)
      return { low, high: half, log: false, why: { key: 'half', value: '' } }
    return { low, high: limits.below ? most - 2 * inset : most, log: false, why: { key: 'bounds', value: '' } }
  }
  if (typeof value === 'number' && value > 0) {
    const high = Math.min(value * 10, most ?? Number.POSITIVE_INFINITY)
    return { low: value / 10, high, log: true, why: { key: 'orders', value: String(value) } }
  }
  if (least === 0) return { low: 1e-4, high: 0.1, log: true, why: { key: 'multiplied', value: '' } }
  return { low: least ?? 0, high: (least ?? 0) + 1, log: false, why: { key: 'bounds', value: '' } }
}

/** The values that a text lists: JSON where it is some, else words between commas. */
export function choicesOf(text: string): readonly unknown[] {
  if (text.trim() === '') return []
  return json(`[${text}]`) ?? text.split(',').flatMap(one => (one.trim() === '' ? [] : [worth(one.trim())]))
}

export function choicesText(choices: readonly unknown[]): string {
  const plain = choices.every(one => typeof one === 'string' && /^[\w.-]+$/.test(one) && worth(one) === one)
  return choices.map(one => (plain ? String(one) : JSON.stringify(one))).join(', ')
}

const worth = (text: string): unknown => json(`[${text}]`)?.[0] ?? (text === 'null' ? null : text)

function json(text: string): readonly unknown[] | null {
  try {
    return JSON.parse(text) as readonly unknown[]
  } catch {
    return null
  }
}

/** What can be seen to be wrong without the server: a key of `tune:wrong`, or null. */
export function wrong(one: Dimension, layers: readonly string[]): string | null {
  const layer = layerOf(one.name)
  if (layer !== null && !layers.includes(layer)) return 'layer'
  if (one.type === 'choice') return choicesOf(one.choices).length < 2 ? 'few' : null
  const low = numberOf(one.low)
  const high = numberOf(one.high)
  if (low === null || high === null) return 'number'
  if (one.type === 'int' && !(Number.isInteger(low) && Number.isInteger(high))) return 'whole'
  if (low >= high) return 'order'
  return one.log && low <= 0 ? 'log' : null
}

function numberOf(text: string): number | null {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : null
}

/** `params.space` of a tune job. */
export function spaceOf(dimensions: readonly Dimension[]): Record<string, unknown> {
  return Object.fromEntries(dimensions.map(one => [one.name, formOf(one)]))
}

function formOf(one: Dimension): unknown {
  if (one.type === 'choice') return { type: 'choice', choices: choicesOf(one.choices) }
  return { type: one.type, low: numberOf(one.low) ?? one.low, high: numberOf(one.high) ?? one.high, log: one.log }
}
