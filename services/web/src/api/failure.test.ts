import { afterEach, expect, test, vi } from 'vitest'
import { got, sent } from './client'
import { CallError, failureOf, refusal } from './failure'

afterEach(() => vi.unstubAllGlobals())

const problem = { rule: 'units must be positive', received: -1, where: { layer: 'fc1' }, hint: null }

test.each([
  ['an array as detail', { detail: [{ loc: ['body'], msg: 'bad' }] }, '', 0],
  ['an object as title', { title: {}, detail: 'told' }, 'told', 0],
  ['problems that are no list', { detail: 'told', problems: {} }, 'told', 0],
  ['a problem without a place', { problems: [{ rule: 'r' }, { rule: {} }, null, problem] }, '', 2],
  [
    'a problem with objects as its place',
    { problems: [{ ...problem, where: { layer: {}, line: '1' }, hint: [] }] },
    '',
    1,
  ],
  ['a page of a proxy', '<h1>oh</h1>', '', 0],
  ['nothing', undefined, '', 0],
])('an answer with %s is told in words only', (_, body, detail, problems) => {
  const { failure } = refusal(422, body)
  expect(failure).toMatchObject({ kind: 'refused', status: 422, title: '', detail })
  expect(failure.problems).toHaveLength(problems)
  for (const { rule, where, hint } of failure.problems)
    for (const shown of [rule, hint, where.layer, where.param, where.field, where.line])
      expect(typeof shown === 'object' && shown !== null).toBe(false)
})

test('problems come through as the server tells them', () => {
  const { failure } = refusal(422, { title: 'Invalid', detail: 'told', problems: [problem] })
  expect(failure.problems).toEqual([
    { ...problem, code: null, where: { layer: 'fc1', param: null, field: null, line: null } },
  ])
})

test('only a network without an answer is a server that does not answer', async () => {
  const lost = Promise.reject(new TypeError('Failed to fetch'))
  await expect(got(lost)).rejects.toMatchObject({ failure: { kind: 'unreachable' } })
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
  await expect(sent('/api/v1/conversions', {})).rejects.toBeInstanceOf(CallError)
  expect(failureOf(new TypeError("can't access property of null"))).toMatchObject({ kind: 'failed', detail: '' })
  expect(failureOf(new SyntaxError('Unexpected token <'))).toMatchObject({ kind: 'failed', detail: '' })
  expect(failureOf(new Error('a rule of ours'))).toMatchObject({ kind: 'failed', detail: 'a rule of ours' })
  expect(failureOf(new DOMException('', 'AbortError')).kind).toBe('cancelled')
})
