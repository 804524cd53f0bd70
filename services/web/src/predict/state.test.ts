import { expect, test } from 'vitest'
import type { OperatorView } from '@/client/types'
import { give, givenTo, NOTHING_GIVEN } from './state'

const operator = (name: string, version = 1, size = 8) =>
  ({ name, version, signature: { inputs: [{ name: 'x', shape: [size, size], dtype: 'uint8' }] } }) as OperatorView
const stroke = [{ x: 0.5, y: 0.5 }]

test('what is given lasts, for the next version too where it takes the same', () => {
  give(operator('digits'), 'x', { strokes: [stroke] })
  expect(givenTo(operator('digits', 2)).x?.strokes).toEqual([stroke])
  expect(givenTo(operator('digits', 3, 28))).toEqual({})
  expect(givenTo(operator('others'))).toEqual({})
})

test('a file that was read late overwrites nothing that was chosen meanwhile', () => {
  const it = operator('late')
  give(it, 'x', { way: 'picture' })
  const late = { file: { name: 'a.png', channels: [] } }
  give(it, 'x', { way: 'numbers', text: '1' })
  give(it, 'x', late)
  expect(givenTo(it)).toEqual({ x: { ...NOTHING_GIVEN, ...late, way: 'numbers', text: '1' } })
})

test('the operators that were left alone longest are forgotten', () => {
  for (let at = 0; at < 9; at += 1) give(operator(`many-${at}`), 'x', { text: '1' })
  expect(givenTo(operator('many-0'))).toEqual({})
  expect(givenTo(operator('many-1')).x?.text).toBe('1')
  give(operator('many-1'), 'x', { text: '2' })
  give(operator('many-9'), 'x', { text: '1' })
  expect(givenTo(operator('many-1')).x?.text).toBe('2')
  expect(givenTo(operator('many-2'))).toEqual({})
})
