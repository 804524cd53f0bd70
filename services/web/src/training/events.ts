import { type Look, readLook } from './looks'

/** What a job says while it works, read from server-sent events; whatever is not understood is left out. */
export type RunEvent = { readonly id: number; readonly attempt: number } & (
  | { readonly kind: 'state'; readonly state: string }
  | {
      readonly kind: 'batch'
      readonly epoch: number
      readonly batch: number
      readonly batches: number
      readonly metrics: Metrics
      readonly progress: number | null
      readonly eta: number | null
    }
  | {
      readonly kind: 'epoch'
      readonly epoch: number
      readonly epochs: number | null
      readonly metrics: Metrics
      readonly seconds: number | null
    }
  | {
      readonly kind: 'episode'
      readonly step: number
      readonly steps: number | null
      readonly metrics: Metrics
      readonly progress: number | null
      readonly eta: number | null
    }
  | { readonly kind: 'metrics'; readonly metrics: Metrics }
  | { readonly kind: 'insight'; readonly look: Look }
  | { readonly kind: 'log'; readonly level: string; readonly text: string; readonly at: string }
)

export type Metrics = Readonly<Record<string, number>>

export const KINDS = ['state', 'batch', 'epoch', 'episode', 'metrics', 'insight', 'log'] as const

type Data = Readonly<Record<string, unknown>>

const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The numbers of an object; other values are left out. */
export function metricsOf(value: unknown): Metrics {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).filter(([, one]) => number(one) !== null))
}

/** An event of a stream, or null where it is none that is known. */
export function readEvent(kind: string, lastEventId: string, json: string): RunEvent | null {
  const data = parsed(json)
  const id = Number.parseInt(lastEventId, 10)
  if (data === null || !Number.isSafeInteger(id)) return null
  const head = { id, attempt: number(data.attempt) ?? 0 }
  const metrics = metricsOf(data.metrics)
  if (kind === 'state') return { ...head, kind, state: text(data.state) }
  if (kind === 'metrics') return { ...head, kind, metrics }
  if (kind === 'log') return { ...head, kind, level: text(data.level), text: text(data.text), at: momentOf(data.at) }
  const look = kind === 'insight' ? readLook(data) : null
  if (look !== null) return { ...head, kind: 'insight', look }
  if (kind === 'episode') return readEpisode(head, data, metrics)
  const epoch = number(data.epoch)
  if (epoch === null) return null
  const withRate = number(data.learning_rate) === null ? metrics : { ...metrics, ...metricsOf(rateOf(data)) }
  if (kind === 'epoch') {
    return { ...head, kind, epoch, epochs: number(data.epochs), metrics: withRate, seconds: number(data.seconds) }
  }
  return kind === 'batch' ? readBatch({ ...head, epoch }, data, withRate) : null
}

type Head = { readonly id: number; readonly attempt: number }

const aheadOf = (data: Data) => ({ progress: number(data.progress), eta: number(data.eta_s) })

function readBatch(head: Head & { readonly epoch: number }, data: Data, metrics: Metrics): RunEvent | null {
  const batch = number(data.batch)
  if (batch === null) return null
  return { ...head, kind: 'batch', batch, batches: number(data.batches) ?? batch, metrics, ...aheadOf(data) }
}

function readEpisode(head: Head, data: Data, metrics: Metrics): RunEvent | null {
  const step = number(data.step)
  if (step === null) return null
  return { ...head, kind: 'episode', step, steps: number(data.steps), metrics, ...aheadOf(data) }
}

const rateOf = ({ learning_rate }: Data) => ({ learning_rate })

/** Seconds since 1970, or a written moment. */
function momentOf(value: unknown): string {
  return typeof value === 'number' ? new Date(value * 1000).toISOString() : text(value)
}

function parsed(json: string): Data | null {
  try {
    const made: unknown = JSON.parse(json)
    return typeof made === 'object' && made !== null ? (made as Data) : null
  } catch {
    return null
  }
}
