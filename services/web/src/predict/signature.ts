import type { TensorSpec } from '@/client/types'

/** What a person may give an input: a picture of a size, or numbers. */
export type PictureForm = { readonly height: number; readonly width: number; readonly channels: number }

/** A picture's side where the network takes any. */
const FREE_SIDE = 224
/** Larger ones are nothing to draw, and a request of many megabytes. */
const LARGEST_SIDE = 1024
const CHANNELS = [1, 3, 4]

/** The picture that fills an input, as the predictor reads them; null where it takes no pictures. */
export function pictureForm({ shape, dtype }: TensorSpec): PictureForm | null {
  if (dtype === 'bool' || dtype.startsWith('int')) return null
  const form = shape.length === 1 ? flatForm(shape[0] ?? null, dtype) : gridForm(shape)
  if (!form) return null
  const sides = [form.height, form.width]
  return CHANNELS.includes(form.channels) && sides.every(side => side > 1 && side <= LARGEST_SIDE) ? form : null
}

/** 784 8-bit values are a grey picture of 28 x 28; as many floats may be anything, a square is a good guess from 64 on. */
function flatForm(size: number | null, dtype: string): PictureForm | null {
  if (size === null || (dtype !== 'uint8' && size < 64)) return null
  for (const channels of [1, 3]) {
    const side = Math.sqrt(size / channels)
    if (Number.isInteger(side)) return { height: side, width: side, channels }
  }
  return null
}

function gridForm(shape: readonly (number | null)[]): PictureForm | null {
  if (shape.length !== 2 && shape.length !== 3) return null
  const [height, width, channels] = shape
  return { height: height ?? FREE_SIDE, width: width ?? FREE_SIDE, channels: channels ?? 1 }
}

/** How many values a sample has; null where an axis is free. */
export function sampleSize({ shape }: TensorSpec): number | null {
  return shape.some(axis => axis === null) ? null : shape.reduce<number>((size, axis) => size * (axis ?? 1), 1)
}

/** A flat list of values as lists in lists. */
export function nested(values: readonly number[], shape: readonly number[]): unknown {
  const [, ...rest] = shape
  if (rest.length === 0) return values
  const size = rest.reduce((a, b) => a * b, 1)
  return Array.from({ length: shape[0] ?? 0 }, (_, index) =>
    nested(values.slice(index * size, (index + 1) * size), rest),
  )
}

/** The shape of a picture as this input takes it. */
export function pictureShape({ shape }: TensorSpec, { height, width, channels }: PictureForm): number[] {
  if (shape.length === 1) return [height * width * channels]
  return [height, width, channels].slice(0, shape.length)
}
