import { expect, test } from 'vitest'
import type { LayerType } from '@/client/types'
import { ADD, DENSE, DOT, INPUT } from '@/testing/catalogue'
import { found, grouped } from './search'

const named = (type: string, doc = ''): LayerType => ({ ...DENSE, type, doc })
const items = [
  named('MultiHeadAttention'),
  named('DenseBlock'),
  DENSE,
  named('Conv2D', 'A dense kernel.'),
  INPUT,
  ADD,
  DOT,
]
const types = (typed: string, format = '') => found(items, typed, format).map(one => one.type)

test('the exact name comes first, then names that begin so, then descriptions', () => {
  expect(types('dense')).toEqual(['Dense', 'DenseBlock', 'Conv2D'])
})

test.each([
  ['mha', 'MultiHeadAttention'],
  ['conv 2d', 'Conv2D'],
  ['CONV2D', 'Conv2D'],
])('%s finds %s', (typed, type) => {
  expect(types(typed)[0]).toBe(type)
})

test('nothing typed gives everything that is offered; nothing found is nothing', () => {
  expect(types('')).toHaveLength(items.length)
  expect(types('zzz')).toEqual([])
  expect(found([{ ...DENSE, palette: false }], '', '')).toEqual([])
})

test('a format leaves what it can express, and inputs', () => {
  const onnx = found([{ ...DENSE, formats: ['onnx'] }, ADD, { ...INPUT, formats: [] }], '', 'onnx')
  expect(onnx.map(one => one.type)).toEqual(['Dense', 'Input'])
})

test('groups that are new come after those that are known', () => {
  const groups = grouped([
    { ...DENSE, group: 'alien' },
    { ...DENSE, group: 'common' },
    { ...INPUT, group: 'data' },
  ])
  expect(groups.map(([name]) => name)).toEqual(['data', 'common', 'alien'])
})
