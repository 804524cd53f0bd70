import { expect, test } from 'vitest'
import type { OperatorView, Sample } from '@/client/types'
import { endsOf, saidAt, shortText } from './ends'
import { judged, scoreOf, truthOf, worstOf } from './judging'

const named = { classes: ['cat', 'dog'] } as unknown as OperatorView
const unnamed = { classes: null } as unknown as OperatorView
const sample = (index: number, label: unknown, class_name: string | null = null): Sample => ({
  index,
  inputs: {},
  label,
  class_name,
})
const said = (...scores: number[]) => {
  const index = scores.indexOf(Math.max(...scores))
  return { class: ['cat', 'dog'][index], index, score: scores[index], scores }
}

test.each([
  [sample(0, 1, 'dog'), named, 'dog'],
  [sample(0, 1), named, 'dog'],
  [sample(0, 7), unnamed, '7'],
  [sample(0, [1, 2]), unnamed, '[1, 2]'],
  [sample(0, null), named, '–'],
])('what is right is told in the words of the operator', (one, operator, text) => {
  expect(truthOf(one, operator)).toBe(text)
})

test('of several labels those count that the operator learnt from', () => {
  const labels = { age: { value: 40, class_name: null }, kind: { value: 1, class_name: 'dog' } }
  const one: Sample = { ...sample(0, 40), labels }
  expect(truthOf(one, { ...named, label: 'kind' })).toBe('dog')
  expect(truthOf(one, { ...unnamed, label: 'other' })).toBe('40')
  expect(judged(one, { values: [38] }, { ...unnamed, label: 'age' }).loss).toBe(2)
})

test('the loss is the cross entropy of the right class', () => {
  expect(judged(sample(0, 0), said(0.25, 0.75), named)).toMatchObject({ truth: 'cat', right: false, loss: Math.log(4) })
  expect(judged(sample(0, 1), said(0.25, 0.75), named).right).toBe(true)
  expect(judged(sample(0, 0), said(0, 1), named).loss).toBeCloseTo(16.118, 3)
})

test('of values it is the largest difference, and nothing is known without a label', () => {
  expect(judged(sample(0, 2), { values: [3.5] }, unnamed)).toMatchObject({ right: null, loss: 1.5 })
  expect(judged(sample(0, null), { values: [3.5] }, unnamed)).toMatchObject({ right: null, loss: 0 })
  expect(judged(sample(0, 9), said(0.25, 0.75), named)).toMatchObject({ right: null, loss: 0 })
})

test('the worst come first, equals in the order of the data', () => {
  const all = [said(0.9, 0.1), said(0.1, 0.9), said(0.9, 0.1), said(0.5, 0.5)].map((one, index) =>
    judged(sample(index, 0), one, named),
  )
  expect(worstOf(all, 3).map(one => one.sample.index)).toEqual([1, 3, 0])
  expect(scoreOf(all)).toEqual({ right: 3, known: 4 })
})

test('each output is judged by its own labels, and its answers stand in its place', () => {
  const operator = {
    ...named,
    signature: { inputs: [], outputs: [{ name: 'kind', shape: [2], dtype: 'float32' }] },
    task: 'classification',
    label: 'kind',
    others: { age: { classes: null, label: 'age', task: 'regression' } },
  } as unknown as OperatorView
  const [kind, age] = endsOf(operator)
  const labels = { kind: { value: 1, class_name: 'dog' }, age: { value: 40, class_name: null } }
  const one: Sample = { ...sample(0, 1), labels }
  const [first, second] = saidAt({ predictions: [said(0.25, 0.75)], answers: { age: [{ values: [38.5] }] } }, 0)
  if (!age || !first || !second) throw new Error('two outputs have two answers')
  expect([kind.name, truthOf(one, kind), judged(one, first, kind).right]).toEqual(['kind', 'dog', true])
  expect([age.name, truthOf(one, age), judged(one, second, age).loss]).toEqual(['age', '40', 1.5])
})

test('values are told with three digits, whole numbers as they are, and long lists are cut', () => {
  expect(shortText([0.5863942, 0.907, 123456])).toBe('[0.586, 0.907, 123456]')
  expect(shortText(Array.from({ length: 100 }, () => 0.5))).toHaveLength(82)
})
