import { expect, test } from 'vitest'
import type { OperatorView, TensorSpec } from '@/client/types'
import { answered, disagreement, largestDifference } from './answers'
import { cast, NotAValue, prepared, type Tensor, tensorOf } from './tensors'

const input: TensorSpec = { name: 'x', shape: [2, 2], dtype: 'uint8' }
const ramp = tensorOf(
  [
    [
      [0, 51],
      [102, 255],
    ],
  ],
  input,
)

test('nested samples become a tensor with the samples along the first axis', () => {
  expect(ramp).toEqual({ dtype: 'uint8', dims: [1, 2, 2], data: Uint8Array.of(0, 51, 102, 255) })
  expect(tensorOf([7], { name: 'n', shape: [], dtype: 'int64' })).toEqual({
    dtype: 'int64',
    dims: [1],
    data: BigInt64Array.of(7n),
  })
})

test('a free axis takes the size of the sample', () => {
  expect(tensorOf([[1, 2, 3]], { name: 'x', shape: [null], dtype: 'float32' }).dims).toEqual([1, 3])
})

test.each([
  ['too few values', [[1, 2, 3]], 'uint8'],
  ['a fraction among 8-bit values', [[1, 2, 3, 0.5]], 'uint8'],
  ['more than 8 bits', [[1, 2, 3, 300]], 'uint8'],
  ['a fraction among 64-bit integers', [[1, 2, 3, 0.5]], 'int64'],
] as const)('%s are refused', (_, samples, dtype) => {
  expect(() => tensorOf(samples, { name: 'x', shape: [2, 2], dtype })).toThrow(NotAValue)
})

test('steps round as NumPy in float32', () => {
  const made = prepared(ramp, [
    { step: 'reshape', shape: [4] },
    { step: 'scale', factor: 1 / 255, offset: 0 },
  ])
  expect(made.dims).toEqual([1, 4])
  // np.multiply(np.uint8([0, 51, 102, 255]), np.float32(1/255), dtype=np.float32)
  expect([...made.data]).toEqual([0, 0.20000001788139343, 0.40000003576278687, 1])
  const shifted = prepared(ramp, [{ step: 'scale', factor: 2, offset: -1 }])
  expect([...shifted.data]).toEqual([-1, 101, 203, 509])
})

test('labels become rows of 0 and 1, and casts go towards zero', () => {
  const labels: Tensor = { dtype: 'int64', dims: [2], data: BigInt64Array.of(2n, 0n) }
  expect(prepared(labels, [{ step: 'one_hot', classes: 3 }])).toEqual({
    dtype: 'float32',
    dims: [2, 3],
    data: Float32Array.of(0, 0, 1, 1, 0, 0),
  })
  const mixed: Tensor = { dtype: 'float32', dims: [2], data: Float32Array.of(-1.7, 2.9) }
  expect([...cast(mixed, 'int32').data]).toEqual([-1, 2])
})

function operator(task: OperatorView['task'], classes: string[] | null, outputs = ['y']): OperatorView {
  const signature = { inputs: [], outputs: outputs.map(name => ({ name, shape: [], dtype: 'float32' as const })) }
  return { name: 'it', version: 3, task, classes, signature } as unknown as OperatorView
}
const floats = (dims: number[], ...values: number[]): Tensor => ({
  dtype: 'float32',
  dims,
  data: Float32Array.from(values),
})

test.each([
  [
    'classification',
    ['a', 'b'],
    floats([1, 2], 0.25, 0.75),
    [{ class: 'b', index: 1, score: 0.75, scores: [0.25, 0.75] }],
  ],
  ['classification', null, floats([1, 2], 0.75, 0.25), [{ class: '0', index: 0, score: 0.75, scores: [0.75, 0.25] }]],
  ['binary', ['no', 'yes'], floats([1, 1], 0.75), [{ class: 'yes', index: 1, score: 0.75, scores: [0.25, 0.75] }]],
  ['binary', null, floats([1], 0.5), [{ class: '0', index: 0, score: 0.5, scores: [0.5, 0.5] }]],
  ['regression', null, floats([2, 1], 3, 4), [{ values: [3] }, { values: [4] }]],
] as const)('outputs of a %s become what the server answers', (task, classes, tensor, predictions) => {
  const made = answered(operator(task, classes && [...classes]), new Map([['y', tensor]]))
  expect(made).toEqual({ operator: 'it', version: 3, predictions })
})

test.each([
  ['classification', 'softmax', floats([1, 2], 1000, 1000 + Math.log(3)), [0.25, 0.75]],
  ['binary', 'sigmoid', floats([1, 1], Math.log(3)), [0.25, 0.75]],
  ['binary', 'margin', floats([1, 1], -0.5), [0.75, 0.25]],
  ['classification', 'sigmoid', floats([1, 2], -Math.log(3), 0), [0.25, 0.5]],
] as const)('logits of a %s become shares by %s', (task, by, tensor, expected) => {
  const made = answered({ ...operator(task, null), scores_by: by }, new Map([['y', tensor]]))
  made.predictions[0]?.scores?.forEach((score, at) => {
    expect(score).toBeCloseTo(expected[at] ?? Number.NaN, 4)
  })
  expect(made.predictions[0]?.scores).toHaveLength(2)
})

test('further outputs stand beside the predictions', () => {
  const outputs = new Map([
    ['y', floats([1, 1], 3)],
    ['z', floats([1, 2], 1, 2)],
  ])
  expect(answered(operator('regression', null, ['y', 'z']), outputs).outputs).toEqual({ z: [[1, 2]] })
})

test('what further outputs mean is told where training has', () => {
  const outputs = new Map([
    ['y', floats([1, 1], 3)],
    ['z', floats([1, 1], 0.75)],
  ])
  const others = { z: { task: 'binary' as const, classes: ['even', 'odd'], label: 'parity' } }
  expect(answered({ ...operator('regression', null, ['y', 'z']), others }, outputs).answers).toEqual({
    z: [{ class: 'odd', index: 1, score: 0.75, scores: [0.25, 0.75] }],
  })
})

test('the largest difference is that of all scores and outputs', () => {
  const answer = (scores: number[], other: unknown) => ({
    operator: 'it',
    version: 1,
    predictions: [{ class: 'a', index: 0, score: scores[0] ?? 0, scores }],
    outputs: { z: other },
  })
  expect(disagreement(answer([0.5, 0.5], [[1]]), answer([0.5, 0.25], [[1]]))).toBe(0.25)
  expect(disagreement(answer([0.5, 0.5], [[1]]), answer([0.5, 0.25], [[3]]))).toBe(2)
  expect(largestDifference([1, 2], [1])).toBe(Number.POSITIVE_INFINITY)
  expect(largestDifference(1, null)).toBe(Number.POSITIVE_INFINITY)
})
