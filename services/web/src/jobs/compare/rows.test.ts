import { expect, test } from 'vitest'
import type { JobView } from '@/client/types'
import { NO_RUN } from '@/training/run'
import { addressOf, shownIn } from './address'
import { asked, bestColumns, bestOf, differs, ended, sideBySide, whyNoBest } from './rows'

const job = (given: Partial<JobView>): JobView => ({ params: {}, metrics: {}, ...given }) as JobView

test('a recipe is flat, without what is empty, and what was left out has the value that was chosen', () => {
  const params = { epochs: 3, loss: null, optimizer: { name: 'sgd', momentum: 0.9 }, metrics: [], seed: 1 }
  const chosen = { loss: { value: 'mse', why: 'numbers' }, devices: { value: ['cpu:0'], why: 'one' } }
  expect(asked(job({ params, chosen }))).toEqual({
    epochs: 3,
    loss: 'mse',
    'optimizer.name': 'sgd',
    'optimizer.momentum': 0.9,
  })
})

test('runs of different recipes stand side by side; one that is gone makes no difference', () => {
  const rows = sideBySide([{ epochs: 3, rate: 0.1 }, null, { epochs: 3, momentum: 0.9 }])
  expect(rows).toEqual([
    { name: 'epochs', values: [3, null, 3] },
    { name: 'rate', values: [0.1, null, null] },
    { name: 'momentum', values: [null, null, 0.9] },
  ])
  expect(rows.map(row => differs(row, [true, false, true]))).toEqual([false, true, true])
})

test.each([
  ['test_accuracy', [0.5, 0.9, null, 0.9], [1, 3]],
  ['val_loss', [0.5, 0.2, 0.9], [1]],
  ['test_return', [-20, -3], [1]],
  ['loss', [0.5], []],
  ['loss', [0.5, null], []],
  ['loss', [0.5, 0.5], []],
  ['loss', ['nan', 0.5, 0.4], [2]],
  ['trials', [4, 8], []],
])('the best of %s %j is in the columns %j', (metric, values, columns) => {
  expect([...bestColumns(metric, values)]).toEqual(columns)
})

test('the place where a job stands is none of its results', () => {
  expect(
    ended(job({ metrics: { epoch: 3, loss: 0.1, test_accuracy: 0.9, monitor: 'loss', learning_rate: 1 } })),
  ).toEqual({ loss: 0.1, test_accuracy: 0.9 })
})

test('the best of a curve is told with the epoch where it was first reached', () => {
  const row = (x: number, metrics: Record<string, number>) => ({ x, metrics, seconds: null })
  const rows = [
    row(1, { loss: 3, accuracy: 0.4 }),
    row(2, { loss: 1, accuracy: 0.8 }),
    row(3, { loss: 1, accuracy: 0.7 }),
  ]
  expect(bestOf({ ...NO_RUN, rows })).toEqual({
    loss: { value: 1, x: 2, by: 'epoch' },
    accuracy: { value: 0.8, x: 2, by: 'epoch' },
  })
})

test.each(['job=a&job=b', 'job=a&job=b&metric=val%2Floss&side=validation&all=1'])(
  'the address %s says all that is shown',
  search => {
    expect(addressOf(shownIn(search))).toBe(`/app/jobs/compare?${search}`)
  },
)

test('an address that says nonsense shows what is usual', () => {
  expect(shownIn('job=a&job=a&job=&side=left&all=yes')).toEqual({ ids: ['a'], metric: '', side: 'both', all: false })
})

test.each([
  ['accuracy', 'a', 'mse', null],
  ['loss', 'a', 'mse', 'loss'],
  ['loss', 'a', 'mae', null],
  ['accuracy', 'b', 'mae', 'dataset'],
  ['trials', 'b', 'mae', null],
])('%s of another run on %s with %s: %s', (name, dataset, loss, why) => {
  const jobs = [job({ dataset: 'a', params: { loss: 'mae' } }), job({ dataset, params: { loss } })]
  expect(whyNoBest({ name, values: [1, 2] }, jobs)).toBe(why)
  expect(whyNoBest({ name, values: [1, null] }, jobs)).toBeNull()
})
