import { expect, test } from 'vitest'
import { CallError, failureOf, lacksShape, lacksWeights } from '@/api/failure'
import type { Problem } from '@/client/types'
import { inputShapeOf } from './inputShape'

test.each([
  ['', undefined],
  ['  ', undefined],
  ['20', '[20]'],
  ['28, 28, 1', '[28,28,1]'],
  ['28 x 28 x 1', '[28,28,1]'],
  ['[28, 28, 1]', '[28,28,1]'],
  ['{"input_sentence": [20]}', '{"input_sentence":[20]}'],
  ['input_sentence: 20', '{"input_sentence":[20]}'],
  ['data: 28, 28, 1; words: 20', '{"data":[28,28,1],"words":[20]}'],
  ['scope/data:0: 8, 8', '{"scope/data:0":[8,8]}'],
  ['nonsense', '"nonsense"'],
])('the input shape %j is asked for as %s', (text, said) => {
  expect(inputShapeOf(text)).toBe(said)
})

const refused = (...problems: Partial<Problem>[]) =>
  failureOf(
    new CallError({ kind: 'refused', status: 422, title: '', detail: '', problems: problems as readonly Problem[] }),
  )
const WEIGHTS = { rule: 'in whatever words', code: 'weights-missing' }
const SHAPE = { rule: 'in others', code: 'input-shape-missing' }

test('a failure that a choice in the window mends is known as such', () => {
  expect(lacksWeights(refused(WEIGHTS, WEIGHTS))).toBe(true)
  expect(lacksWeights(refused(WEIGHTS, { rule: 'units must be at least 1' }))).toBe(false)
  expect(lacksWeights(refused())).toBe(false)
  expect(lacksShape(refused({ rule: 'units must be at least 1' }, SHAPE))).toBe(true)
  expect(lacksShape(refused(WEIGHTS))).toBe(false)
})
