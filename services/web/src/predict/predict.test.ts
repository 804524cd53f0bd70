import { describe, expect, test } from 'vitest'
import type { TensorSpec } from '@/client/types'
import { samplesOf, TextProblem } from './numbers'
import { centred, channelOf, type Grey, inkBox, inverted, massCentre, resized, tensorOf } from './pixels'
import { nested, pictureForm, pictureShape, sampleSize } from './signature'

const input = (shape: (number | null)[], dtype = 'uint8'): TensorSpec => ({ name: 'x', shape, dtype }) as TensorSpec
const grey = (rows: number[][]): Grey => ({
  width: rows[0]?.length ?? 0,
  height: rows.length,
  data: Float32Array.from(rows.flat()),
})
const rowsOf = ({ width, data }: Grey) =>
  Array.from({ length: data.length / width }, (_, y) => [...data.subarray(y * width, (y + 1) * width)])

describe('what an input takes', () => {
  test.each([
    [[8, 8], 'uint8', { height: 8, width: 8, channels: 1 }],
    [[28, 28, 1], 'float32', { height: 28, width: 28, channels: 1 }],
    [[32, 24, 3], 'uint8', { height: 32, width: 24, channels: 3 }],
    [[784], 'uint8', { height: 28, width: 28, channels: 1 }],
    [[3072], 'uint8', { height: 32, width: 32, channels: 3 }],
    [[null, null, 3], 'uint8', { height: 224, width: 224, channels: 3 }],
    [[4], 'float32', null],
    [[30], 'float32', null],
    [[28, 28, 7], 'uint8', null],
    [[80], 'int32', null],
    [[1, 1], 'float32', null],
    [[], 'float32', null],
  ])('an input of %j %s is drawn as %j', (shape, dtype, form) => {
    expect(pictureForm(input(shape, dtype))).toEqual(form)
  })

  test('a sample has as many values as its axes multiply to, unless one is free', () => {
    expect([input([2, 3]), input([]), input([null, 3])].map(sampleSize)).toEqual([6, 1, null])
  })

  test('values are nested as the input takes them', () => {
    expect(nested([1, 2, 3, 4, 5, 6], [3, 2])).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ])
    expect(pictureShape(input([null, null, 3]), { height: 4, width: 5, channels: 3 })).toEqual([4, 5, 3])
    expect(pictureShape(input([784]), { height: 28, width: 28, channels: 1 })).toEqual([784])
  })
})

describe('pictures', () => {
  test('a smaller picture has the means of the areas, also where they do not divide', () => {
    expect(
      rowsOf(
        resized(
          grey([
            [0, 100],
            [50, 250],
          ]),
          1,
          1,
        ),
      ),
    ).toEqual([[100]])
    const [row] = rowsOf(resized(grey([[30, 60, 90]]), 2, 1))
    expect(row?.[0]).toBeCloseTo((30 + 60 / 2) / 1.5, 3)
    expect(row?.[1]).toBeCloseTo((60 / 2 + 90) / 1.5, 3)
  })

  test('a larger picture repeats its pixels, and the same size changes nothing', () => {
    expect(rowsOf(resized(grey([[0, 200]]), 4, 2))).toEqual([
      [0, 0, 200, 200],
      [0, 0, 200, 200],
    ])
    const same = grey([
      [1, 2],
      [3, 4],
    ])
    expect(rowsOf(resized(same, 2, 2))).toEqual(rowsOf(same))
  })

  test('a figure anywhere on the sheet is centred by mass in 20 of 28 pixels', () => {
    const sheet: Grey = { width: 280, height: 280, data: new Float32Array(280 * 280) }
    for (let y = 5; y < 105; y++) for (let x = 200; x < 240; x++) sheet.data[y * 280 + x] = 255
    const made = centred(sheet, 28, 28)
    expect(inkBox(made)).toEqual({ left: 10, top: 4, right: 18, bottom: 24 })
    expect(massCentre(made)).toEqual([14, 14])
    expect(Math.max(...made.data)).toBe(255)
  })

  test('a heavy foot moves up, but never off the sheet', () => {
    const sheet: Grey = { width: 100, height: 100, data: new Float32Array(10000) }
    for (let y = 0; y < 90; y++) for (let x = 40; x < (y > 70 ? 90 : 44); x++) sheet.data[y * 100 + x] = 255
    const made = centred(sheet, 28, 28)
    expect(inkBox(made)?.top).toBe(0)
    expect(Math.abs(massCentre(made)[0] - 14)).toBeLessThan(0.75)
  })

  test('small pictures are filled from edge to edge', () => {
    const sheet: Grey = { width: 80, height: 80, data: new Float32Array(6400) }
    for (let y = 20; y < 60; y++) for (let x = 30; x < 50; x++) sheet.data[y * 80 + x] = 255
    expect(inkBox(centred(sheet, 8, 8))).toEqual({ left: 2, top: 0, right: 6, bottom: 8 })
  })

  test('an empty sheet stays empty', () => {
    expect(
      Math.max(
        ...centred(
          grey([
            [0, 0],
            [0, 0],
          ]),
          28,
          28,
        ).data,
      ),
    ).toBe(0)
  })

  test('channels become values pixel by pixel, whole for bytes and shares of one for floats', () => {
    const rgba = Uint8ClampedArray.from([255, 0, 51, 255, 10, 20, 30, 255])
    const [r, g, b] = ([0, 1, 2] as const).map(one => channelOf(rgba, 2, 1, one)) as [Grey, Grey, Grey]
    expect(tensorOf([r, g, b], false)).toEqual([255, 0, 51, 10, 20, 30])
    expect(tensorOf([b], true)).toEqual([0.2, 0.117647])
    expect(tensorOf([channelOf(rgba, 2, 1, 'grey')], false)).toEqual([82, 18])
    expect(tensorOf([inverted(r)], false)).toEqual([0, 245])
  })
})

describe('numbers', () => {
  const pair = input([2], 'float32')
  test.each([
    ['1, 2', [[1, 2]]],
    [
      '1 2\n3\t4\n',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['a,b\n1;2.5', [[1, 2.5]]],
    ['1\n2', [[1, 2]]],
    ['[1, 2]', [[1, 2]]],
    [
      '[[1, 2], [3, 4]]',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['{"inputs": [[1, 2]]}', [[1, 2]]],
    ['{"inputs": {"x": [[1, 2]]}}', [[1, 2]]],
    ['{"b64": "aGk="}', [{ b64: 'aGk=' }]],
  ])('%j is read', (text, samples) => {
    expect(samplesOf(text, pair)).toEqual(samples)
  })

  test.each([
    ['1,,3', [[1, null, 3]]],
    [',2,', [[null, 2, null]]],
    ['1\t\t3', [[1, null, 3]]],
    ['1, 2,\t3 ;', [[1, 2, 3]]],
    [
      'a,b,c\n,5,6\n7,8,',
      [
        [null, 5, 6],
        [7, 8, null],
      ],
    ],
    [
      'nan,nan,nan\n1 2 3',
      [
        [null, null, null],
        [1, 2, 3],
      ],
    ],
    ['1,\n2,\n3,', [[1, 2, 3]]],
  ])('in %j a blank cell is a value that is missing', (text, samples) => {
    expect(samplesOf(text, input([3]))).toEqual(samples)
  })

  test('one sample of a deeper shape needs no list around it', () => {
    expect(samplesOf('[[1, 2], [3, 4]]', input([2, 2]))).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
    ])
    expect(samplesOf('1 NA\n? 4', pair)).toEqual([
      [1, null],
      [null, 4],
    ])
    expect(samplesOf('[1, null]', pair)).toEqual([[1, null]])
    expect(samplesOf('5\n6', input([1]))).toEqual([[5], [6]])
    expect(samplesOf('[5, 6]', input([1]))).toEqual([5, 6])
    expect(samplesOf('1 2 3\n4 5', input([null], 'int32'))).toEqual([
      [1, 2, 3],
      [4, 5],
    ])
  })

  test.each([
    ['', 'empty', {}],
    ['1, x', 'number', { line: 1, cell: 'x' }],
    ['1,2\n3', 'count', { line: 2, size: 2, received: 1 }],
    ['a,b\n1,2,3', 'count', { line: 2, size: 2, received: 3 }],
    ['{"inputs": {"y": [[1, 2]]}}', 'name', { name: 'x' }],
  ])('%j is refused with %s', (text, key, values) => {
    const refused = (() => {
      try {
        return samplesOf(text, pair)
      } catch (error) {
        return error
      }
    })()
    expect(refused).toBeInstanceOf(TextProblem)
    expect(refused).toMatchObject({ key, values })
  })

  test('broken JSON is said to be broken', () => {
    expect(() => samplesOf('[1, 2', pair)).toThrow(TextProblem)
  })
})
