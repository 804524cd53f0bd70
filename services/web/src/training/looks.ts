/** What goes on in the layers of a network while it is trained, as an `insight` event tells it. */
export type Histogram = {
  readonly low: number | null
  readonly high: number | null
  readonly counts: readonly number[]
}
export type LayerLook = {
  readonly layer: string
  readonly weights?: Histogram
  readonly activation?: Histogram
  readonly gradient?: Histogram
  /** Size of the last step over the size of the weights. */
  readonly update_ratio?: number
  readonly zeros?: number
  /** Share of the units that are 0 for every sample. */
  readonly dead?: number
}
export type Look = {
  readonly epoch: number
  /** Taken after the first batch of the training instead of the end of an epoch. */
  readonly first_batch?: boolean
  readonly layers: readonly LayerLook[]
}

/** null where it is none. */
export function readLook(data: Readonly<Record<string, unknown>>): Look | null {
  const { epoch, layers } = data
  if (typeof epoch !== 'number' || !Array.isArray(layers)) return null
  const first = data.first_batch === true ? { first_batch: true } : {}
  return { epoch, ...first, layers: layers.filter(one => typeof one?.layer === 'string') }
}

/** Steps of about 1/1000 of the weights are healthy. */
export function isHealthy(ratio: number): boolean {
  return ratio >= 1e-5 && ratio <= 1e-1
}
