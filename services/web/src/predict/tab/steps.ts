import type { Step, Tensor } from './tensors'

type Of<Name extends Step['step']> = Extract<Step, { step: Name }>
/** Steps that were fitted on training samples, or that are about pictures. */
export type MoreSteps = Of<'fill'> | Of<'normalise'> | Of<'project'> | Of<'resize'> | Of<'channels'>

const float32 = (dims: readonly number[], data: Float32Array): Tensor => ({ dtype: 'float32', dims, data })
const product = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1)
const values = ({ data }: Tensor): Float32Array => Float32Array.from(data as ArrayLike<number>, Number)

/** The step with the server's rounding where that is element by element; sums may differ in the last bits. */
export function moreSteps(tensor: Tensor, step: MoreSteps): Tensor {
  if (step.step === 'fill') return fill(tensor, step)
  if (step.step === 'normalise') return normalise(tensor, step)
  if (step.step === 'project') return project(tensor, step)
  if (step.step === 'resize') return resize(tensor, step)
  return channels(tensor, step.order)
}

/** An array that travels as base64 of 32-bit floats, little-endian. */
export function unpacked({ data }: Of<'normalise'>['subtract']): Float32Array {
  const bytes = Uint8Array.from(atob(data), one => one.charCodeAt(0))
  const view = new DataView(bytes.buffer)
  return Float32Array.from({ length: bytes.length / 4 }, (_, at) => view.getFloat32(4 * at, true))
}

function fill(tensor: Tensor, { values: known }: Of<'fill'>): Tensor {
  const by = unpacked(known)
  const data = values(tensor).map((value, at) => (Number.isNaN(value) ? (by[at % by.length] ?? 0) : value))
  return float32(tensor.dims, data)
}

function normalise(tensor: Tensor, { subtract, factor, offset }: Of<'normalise'>): Tensor {
  const less = unpacked(subtract)
  const times = unpacked(factor)
  const plus = Math.fround(offset)
  const data = values(tensor).map((value, at) => {
    const scaled = Math.fround(Math.fround(value - (less[at % less.length] ?? 0)) * (times[at % times.length] ?? 1))
    return scaled + plus
  })
  return float32(tensor.dims, data)
}

function project(tensor: Tensor, { mean, matrix, shape }: Of<'project'>): Tensor {
  const [count = 0] = tensor.dims
  const centre = unpacked(mean)
  const weights = unpacked(matrix)
  const size = centre.length
  const width = matrix.shape[1] ?? 0
  const source = values(tensor)
  const data = new Float32Array(count * width)
  for (let sample = 0; sample < count; sample++) {
    for (let to = 0; to < width; to++) {
      let sum = 0
      for (let from = 0; from < size; from++) {
        sum +=
          Math.fround((source[sample * size + from] ?? 0) - (centre[from] ?? 0)) * (weights[from * width + to] ?? 0)
      }
      data[sample * width + to] = sum
    }
  }
  return float32([count, ...shape], data)
}

/** Old pixels and what each counts. */
type Weights = readonly (readonly [number, number])[]

/** What each old pixel counts in each new one. */
function weightsOf(have: number, want: number, nearest: boolean): readonly Weights[] {
  const step = have / want
  const wide = Math.max(step, 1)
  return Array.from({ length: want }, (_, at) => {
    const centre = (at + 0.5) * step
    if (nearest) return [[Math.min(Math.floor(centre), have - 1), 1] as const]
    const near = Array.from({ length: have }, (_one, from) => Math.max(0, 1 - Math.abs(from + 0.5 - centre) / wide))
    const sum = near.reduce((a, b) => a + b, 0)
    return near.flatMap((weight, from) => (weight > 0 ? [[from, weight / sum] as const] : []))
  })
}

function resize(tensor: Tensor, { height, width, method }: Of<'resize'>): Tensor {
  const [count = 0, tall = 1, across = 1, deep = 1] = tensor.dims
  const rows = weightsOf(tall, height, method === 'nearest')
  const columns = weightsOf(across, width, method === 'nearest')
  const source = values(tensor)
  const data = new Float32Array(count * height * width * deep)
  const pixel = (sample: number, row: Weights, column: Weights, channel: number) => {
    let sum = 0
    for (const [y, down] of row) {
      for (const [x, side] of column) {
        sum += down * side * (source[((sample * tall + y) * across + x) * deep + channel] ?? 0)
      }
    }
    return sum
  }
  const places = rows.flatMap(row => columns.map(column => [row, column] as const))
  const each = places.length * deep
  for (let at = 0; at < data.length; at++) {
    const [row = [], column = []] = places[Math.floor((at % each) / deep)] ?? []
    data[at] = pixel(Math.floor(at / each), row, column, at % deep)
  }
  return float32([count, height, width, ...tensor.dims.slice(3)], data)
}

const LUMINANCE = [0.299, 0.587, 0.114]

function channels(tensor: Tensor, order: Of<'channels'>['order']): Tensor {
  const source = values(tensor)
  const [count = 0, a = 1, b = 1, c = 1] = tensor.dims
  if (order === 'first' || order === 'last') {
    const [deep, inner] = order === 'first' ? [c, a * b] : [a, b * c]
    const dims = order === 'first' ? [count, c, a, b] : [count, b, c, a]
    const data = source.map((_, at) => {
      const [sample, rest] = [Math.floor(at / (deep * inner)), at % (deep * inner)]
      const from =
        order === 'first'
          ? (rest % inner) * deep + Math.floor(rest / inner)
          : (rest % deep) * inner + Math.floor(rest / deep)
      return source[sample * deep * inner + from] ?? 0
    })
    return float32(dims, data)
  }
  if (order === 'reverse') {
    return float32(
      tensor.dims,
      source.map((_, at) => source[at - (at % c) + (c - 1 - (at % c))] ?? 0),
    )
  }
  const pixels = product([count, a, b])
  if (order === 'colour') {
    return float32(
      [count, a, b, 3],
      Float32Array.from({ length: 3 * pixels }, (_, at) => source[Math.floor(at / 3)] ?? 0),
    )
  }
  const grey = (at: number) =>
    LUMINANCE.reduce((sum, weight, channel) => sum + weight * (source[at * c + channel] ?? 0), 0)
  return float32(
    [count, a, b, 1],
    Float32Array.from({ length: pixels }, (_, at) => grey(at)),
  )
}

const WORD = /[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*/gu

/** Texts as word numbers: 0 fills up, 1 is an unknown word. */
export function tokens(texts: readonly unknown[], step: Of<'tokens'>): Tensor {
  const numbers = new Map(step.vocabulary.map((word, at) => [word, at + 2]))
  const data = new Int32Array(texts.length * step.length)
  texts.forEach((given, sample) => {
    const text = String(Array.isArray(given) ? given.flat(Number.POSITIVE_INFINITY)[0] : given)
    const words = (step.lower ? text.toLowerCase() : text).match(WORD) ?? []
    const kept = step.truncating === 'pre' ? words.slice(-step.length) : words.slice(0, step.length)
    const first = sample * step.length + (step.padding === 'pre' ? step.length - kept.length : 0)
    kept.forEach((word, at) => {
      data[first + at] = numbers.get(word) ?? 1
    })
  })
  return { dtype: 'int32', dims: [texts.length, step.length], data }
}
