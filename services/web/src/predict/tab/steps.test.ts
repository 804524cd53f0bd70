import { expect, test } from 'vitest'
import type { TensorSpec } from '@/client/types'
// What the server's own steps (visualnn_shared.training.preprocess) make of these pictures and texts.
import known from './steps.cases.json'
import { fed, prepared, type Step, type Tensor } from './tensors'

const pictures: Tensor = { dtype: 'uint8', dims: known.dims, data: Uint8Array.from(known.data) }

test.each(known.cases.filter(one => !('texts' in one)))('$name is what the server makes', ({ step, dims, values }) => {
  const made = prepared(pictures, [step as Step])
  expect(made.dims).toEqual(dims)
  for (const [at, value] of values.entries()) expect(Number(made.data[at])).toBeCloseTo(value, 2)
})

test('texts become the numbers that the server gives them', () => {
  const one = known.cases.find(({ name }) => name === 'tokens')
  const made = fed(one?.texts ?? [], { name: 'words', shape: [], dtype: 'text' }, [one?.step as Step])
  expect(made.dims).toEqual(one?.dims)
  expect([...(made.data as Int32Array)]).toEqual(one?.values)
})

test('one grey channel becomes three', () => {
  const grey: Tensor = { dtype: 'uint8', dims: [1, 1, 2], data: Uint8Array.of(5, 9) }
  const made = prepared(grey, [{ step: 'channels', order: 'colour' }])
  expect(made.dims).toEqual([1, 1, 2, 3])
  expect([...made.data]).toEqual([5, 5, 5, 9, 9, 9])
})

test('what is missing is filled in its own place, and refused where no step fills it', () => {
  const input: TensorSpec = { name: 'x', shape: [2], dtype: 'float32' }
  const bytes = new Uint8Array(new Float32Array([7, -2]).buffer)
  const step: Step = { step: 'fill', values: { shape: [2], data: btoa(String.fromCharCode(...bytes)) } }
  const made = fed(
    [
      [1.5, null],
      [null, 3],
    ],
    input,
    [step],
  )
  expect([...made.data]).toEqual([1.5, -2, 7, 3])
  expect(() => fed([[1.5, null]], input, [])).toThrow('null')
  for (const dtype of ['int64', 'int32', 'uint8'] as const) {
    const whole = fed([[5, null]], { ...input, dtype }, [step])
    expect([whole.dtype, ...whole.data]).toEqual(['float32', 5, -2])
  }
})
