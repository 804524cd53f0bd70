/** Samples as pictures: which can be drawn, and their pixels. */

const LEAST = 4
const MOST = 1024

/** Height, width and channels of a sample that is a picture; null for anything else. */
export function pictureShape(shape: readonly number[]): { height: number; width: number; channels: number } | null {
  const [height = 0, width = 0, channels = 1] = shape
  const known = shape.length === 2 || (shape.length === 3 && [1, 3, 4].includes(channels))
  const sane = height >= LEAST && width >= LEAST && height <= MOST && width <= MOST
  return known && sane ? { height, width, channels } : null
}

/** RGBA bytes, row by row; `min` becomes black and `max` white. */
export function pixels(values: unknown, channels: number, min: number, max: number): Uint8ClampedArray<ArrayBuffer> {
  const flat = flattened(values)
  const count = Math.floor(flat.length / channels)
  const made = new Uint8ClampedArray(count * 4)
  const scale = max > min ? 255 / (max - min) : 0
  for (let at = 0; at < count; at += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      const source = flat[at * channels + (channels === 1 ? 0 : channel)] ?? 0
      made[at * 4 + channel] = (source - min) * scale
    }
    made[at * 4 + 3] = channels === 4 ? ((flat[at * 4 + 3] ?? max) - min) * scale : 255
  }
  return made
}

function flattened(values: unknown): number[] {
  return Array.isArray(values) ? (values.flat(Number.POSITIVE_INFINITY) as number[]).map(Number) : []
}
