import type { TFunction } from 'i18next'

/** 75 -> `1:15`, 4000 -> `1:06:40`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const shown = parts[0] === 0 ? parts.slice(1) : parts
  return shown.map((one, at) => (at === 0 ? String(one) : String(one).padStart(2, '0'))).join(':')
}

/** A metric with as many digits as it is worth. */
export function metricText(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–'
  const size = Math.abs(value)
  return size !== 0 && (size < 1e-4 || size >= 1e6) ? value.toExponential(3) : String(Number(value.toPrecision(5)))
}

/** Nothing, or a list or an object without entries. */
export function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0)
}

/** A value of `params` or `chosen` on one line. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '–'
  if (Array.isArray(value) && value.every(one => typeof one !== 'object')) return value.map(scalarText).join(', ')
  const lists = stepLists(value)
  if (lists) return lists.join('; ')
  if (Array.isArray(value)) return JSON.stringify(value)
  return typeof value === 'object' ? objectText(value) : scalarText(value)
}

const scalarText = (value: unknown) =>
  typeof value === 'number' && !Number.isInteger(value) ? metricText(value) : String(value)

/** `{name: 'sgd', momentum: 0.9}` as `sgd, momentum 0.9`; an object inside another after a colon. */
function objectText(value: object): string {
  const { name, ...rest } = value as { readonly name?: unknown }
  const named = typeof name === 'string'
  const entries: [string, unknown][] = Object.entries(named ? rest : value)
  const parts = entries
    .filter(([, one]) => !isEmpty(one))
    .map(([key, one]) => `${key}${typeof one === 'object' && !Array.isArray(one) ? ':' : ''} ${valueText(one)}`)
  const inner = entries.some(([, one]) => typeof one === 'object' && one !== null && !Array.isArray(one))
  return [named ? name : '', parts.join(inner ? '; ' : ', ')].filter(Boolean).join(', ')
}

/** An array that travels as base64 of 32-bit floats, little-endian. */
type Packed = { readonly shape: readonly number[]; readonly data: string }

const isPacked = (value: unknown): value is Packed =>
  typeof value === 'object' && value !== null && 'data' in value && typeof value.data === 'string' && 'shape' in value

/** More numbers of an array are not shown. */
const MOST_NUMBERS = 8
const short = (value: number) => Number(value.toPrecision(4))

/** The first numbers of a packed array, and how many there are where there are more. */
function packedText({ shape, data }: Packed): string {
  const bytes = Uint8Array.from(atob(data), one => one.charCodeAt(0))
  const view = new DataView(bytes.buffer)
  const count = Math.floor(bytes.length / 4)
  const first = Array.from({ length: Math.min(count, MOST_NUMBERS) }, (_, at) => short(view.getFloat32(4 * at, true)))
  return `[${first.join(', ')}${count > MOST_NUMBERS ? `, … (${shape.join(' × ')})` : ''}]`
}

/** A step of preprocessing as `scale 0.003922, 0`. */
export function stepText({ step, ...how }: Step): string {
  const values = Object.values(how)
    .filter(one => one !== null)
    .map(one => (typeof one === 'number' ? short(one) : isPacked(one) ? packedText(one) : JSON.stringify(one)))
  return [step, values.join(', ')].filter(Boolean).join(' ')
}

type Step = { readonly step: string; readonly [field: string]: unknown }

const areSteps = (value: unknown): value is Step[] =>
  Array.isArray(value) && value.length > 0 && value.every(one => typeof one?.step === 'string')

/** A list of steps, or one for each input, as lines; null where the value is something else. */
function stepLists(value: unknown): string[] | null {
  if (areSteps(value)) return [value.map(stepText).join(' → ')]
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const entries = Object.entries(value)
  if (entries.length === 0 || !entries.every(([, list]) => areSteps(list))) return null
  return entries.map(([name, list]) => `${name}: ${(list as Step[]).map(stepText).join(' → ')}`)
}

const MEASURES = ['top_5_accuracy', 'accuracy', 'loss', 'mse', 'mae', 'auc', 'precision', 'recall']
const SPLIT = /^(?:test|val|train)_/

/**
 * A metric in words: `val_parity_accuracy` is `parity · Accuracy (validation)`. `first`: the output to which those
 * belong that name none, where there are several outputs.
 */
export function metricName(t: TFunction, metric: string, first: string | null = null): string {
  const split = SPLIT.exec(metric)?.[0] ?? ''
  const rest = metric.slice(split.length)
  const measure = MEASURES.find(one => rest === one || rest.endsWith(`_${one}`))
  const output = measure === undefined ? '' : rest.slice(0, -measure.length - 1)
  const whose = output !== '' ? output : measure === 'loss' ? null : first
  const plain = measure ?? rest
  const known = t(`jobs:metric.${plain}`, { defaultValue: '' })
  if (known === '') return metric
  const said = measure !== undefined && whose ? `${whose} · ${known}` : known
  return split === '' ? said : t(`jobs:onSplit.${split.slice(0, -1)}`, { metric: said })
}

/** The output that is left unnamed in a list of metrics of several: the one that has a loss and no other measure. */
export function firstOutput(metrics: readonly string[]): string | null {
  const plain = metrics.map(metric => metric.replace(SPLIT, ''))
  if (!plain.some(one => one !== 'loss' && MEASURES.includes(one))) return null
  const outputs = [...new Set(plain.filter(one => one.endsWith('_loss')).map(one => one.slice(0, -'_loss'.length)))]
  const bare = outputs.filter(
    name => !plain.some(one => MEASURES.some(measure => measure !== 'loss' && one === `${name}_${measure}`)),
  )
  return outputs.length > 1 && bare.length === 1 ? (bare[0] ?? null) : null
}
