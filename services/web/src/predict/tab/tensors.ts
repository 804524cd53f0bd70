import type { OperatorView, TensorSpec } from '@/client/types'
import { moreSteps, tokens } from './steps'

/** Numbers in C order, samples along the first axis. */
export type Tensor = { readonly dtype: DType; readonly dims: readonly number[]; readonly data: Values }
export type Values = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array
export type DType = Exclude<TensorSpec['dtype'], 'text'>
export type Step = NonNullable<OperatorView['preprocessing'][string]>[number]

/** A value that the server would refuse too. */
export class NotAValue extends RangeError {}

/** Nested lists as a tensor of the input's type, null being NaN where there may be `gaps`; a sample has the raw shape or any other with as many values. */
export function tensorOf(samples: readonly unknown[], { shape, dtype }: TensorSpec, gaps = false): Tensor {
  if (dtype === 'text') throw new NotAValue(dtype)
  const flat = samples.map(sample => (Array.isArray(sample) ? sample.flat(Number.POSITIVE_INFINITY) : [sample]))
  const own = shape.every(axis => axis !== null) ? (shape as number[]) : shapeOf(samples[0])
  const size = own.reduce((a, b) => a * b, 1)
  const wrong = flat.find(one => one.length !== size)
  if (wrong) throw new NotAValue(`${wrong.length} ≠ ${size}`)
  const values = flat.flat() as (number | null)[]
  if (!gaps && values.includes(null)) throw new NotAValue('null')
  const kind = values.includes(null) ? withGaps(dtype) : dtype
  return {
    dtype: kind,
    dims: [samples.length, ...own],
    data: filled(
      kind,
      values.map(value => value ?? Number.NaN),
    ),
  }
}

/** The type of values some of which are missing: whole numbers have no NaN. */
function withGaps(dtype: DType): DType {
  return ['float32', 'uint8', 'bool'].includes(dtype) ? 'float32' : 'float64'
}

function shapeOf(value: unknown): number[] {
  return Array.isArray(value) ? [value.length, ...shapeOf(value[0])] : []
}

/** The values in an array of their type. Throws NotAValue for what the type has not, such as 1.5 among integers. */
export function filled(dtype: DType, values: readonly number[]): Values {
  const made = blank(dtype, values.length)
  const exact = !dtype.startsWith('float')
  values.forEach((value, at) => {
    if (made instanceof BigInt64Array) made[at] = integer(value)
    else made[at] = value
    if (exact && Number(made[at]) !== Number(value)) throw new NotAValue(`${value}: ${dtype}`)
  })
  return made
}

function integer(value: number): bigint {
  if (!Number.isInteger(value)) throw new NotAValue(`${value}: int64`)
  return BigInt(value)
}

function blank(dtype: DType, size: number): Values {
  if (dtype === 'float64') return new Float64Array(size)
  if (dtype === 'int32') return new Int32Array(size)
  if (dtype === 'int64') return new BigInt64Array(size)
  if (dtype === 'uint8' || dtype === 'bool') return new Uint8Array(size)
  return new Float32Array(size)
}

/** Raw samples as the network takes them; texts begin with the step that numbers their words. */
export function fed(samples: readonly unknown[], input: TensorSpec, steps: readonly Step[]): Tensor {
  const [first, ...rest] = steps
  return first?.step === 'tokens'
    ? prepared(tokens(samples, first), rest)
    : prepared(tensorOf(samples, input, first?.step === 'fill'), steps)
}

/** The operator's preprocessing, step by step, with the same rounding as the server's: float32. */
export function prepared(tensor: Tensor, steps: readonly Step[]): Tensor {
  return steps.reduce(one, tensor)
}

function one(tensor: Tensor, step: Step): Tensor {
  const [count = 0] = tensor.dims
  if (step.step === 'reshape') return { ...tensor, dims: [count, ...step.shape] }
  if (step.step === 'cast') return cast(tensor, step.dtype)
  if (step.step === 'scale') {
    const factor = Math.fround(step.factor)
    const offset = Math.fround(step.offset ?? 0)
    const data = Float32Array.from(numbers(tensor), value => Math.fround(Math.fround(value) * factor) + offset)
    return { dtype: 'float32', dims: tensor.dims, data }
  }
  if (step.step !== 'one_hot') {
    if (step.step === 'tokens') throw new NotAValue(step.step)
    return moreSteps(tensor, step)
  }
  const data = new Float32Array(tensor.data.length * step.classes)
  numbers(tensor).forEach((label, at) => {
    data[at * step.classes + label] = 1
  })
  return { dtype: 'float32', dims: [...tensor.dims, step.classes], data }
}

/** As NumPy casts: towards zero. */
export function cast(tensor: Tensor, dtype: DType): Tensor {
  if (tensor.dtype === dtype) return tensor
  const values = numbers(tensor)
  return { ...tensor, dtype, data: filled(dtype, dtype.startsWith('float') ? values : values.map(Math.trunc)) }
}

const numbers = ({ data }: Tensor): number[] => Array.from(data as ArrayLike<number | bigint>, Number)
