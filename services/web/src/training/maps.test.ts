import { expect, test } from 'vitest'
import { listsValue, mapText, mapValue } from './maps'

test.each([
  ['aux: 0.3, main/out: 1', { aux: 0.3, 'main/out': 1 }],
  ['aux = mse', { aux: 'mse' }],
  ['{"aux": {"name": "huber", "delta": 2}}', { aux: { name: 'huber', delta: 2 } }],
])('pairs of a map are read and written: %s', (text, value) => {
  expect(mapValue(text)).toEqual(value)
  expect(mapValue(mapText(value as Record<string, unknown>))).toEqual(value)
})

test('nothing is left out, and what is no pair is left to the server', () => {
  expect(mapValue('  ')).toBeUndefined()
  expect(mapValue('aux')).toBe('aux')
})

test.each([
  ['parity: accuracy auc, ink: mae', { parity: ['accuracy', 'auc'], ink: ['mae'] }],
  ['ink:', { ink: [] }],
  ['{"ink": ["mae"]}', { ink: ['mae'] }],
])('lists of words of a map are read and written: %s', (text, value) => {
  expect(listsValue(text)).toEqual(value)
  expect(listsValue(mapText(value))).toEqual(value)
})
