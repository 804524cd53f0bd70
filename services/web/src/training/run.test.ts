import { expect, test } from 'vitest'
import { aligned, chartsOf } from './charts'
import { type RunEvent, readEvent } from './events'
import { NO_RUN, polled, type Run, told } from './run'

let id = 0
const event = (kind: string, data: Record<string, unknown>): RunEvent => {
  id += 1
  const made = readEvent(kind, String(id), JSON.stringify({ attempt: 1, at: 1_700_000_000, ...data }))
  if (made === null) throw new Error('not an event')
  return made
}
const epoch = (number: number, loss: number, more = {}) =>
  event('epoch', { epoch: number, epochs: 10, metrics: { loss, val_loss: loss * 2 }, seconds: 1, ...more })
const batch = (number: number, at: number, loss: number) =>
  event('batch', { epoch: number, batch: at, batches: 4, metrics: { loss }, progress: 0.1, eta_s: 9 })
const losses = (run: Run) => run.rows.map(row => [row.x, row.metrics.loss])

test.each([
  ['no JSON', 'epoch', '{'],
  ['no object', 'epoch', '3'],
  ['no epoch', 'epoch', '{}'],
  ['an epoch that is no number', 'batch', '{"epoch":"1","batch":1}'],
  ['an unknown kind', 'surprise', '{"epoch":1,"batch":1}'],
])('%s is no event', (_what, kind, json) => {
  expect(readEvent(kind, '1', json)).toBeNull()
})

test('an event without an id is left out, for it could not be told apart from one that was seen', () => {
  expect(readEvent('log', '', '{"text":"hello"}')).toBeNull()
})

test('metrics that are no finite numbers are left out', () => {
  const read = readEvent('metrics', '1', '{"metrics":{"loss":0.5,"other":"x","none":null}}')
  expect(read).toMatchObject({ metrics: { loss: 0.5 } })
})

test('epochs become rows; the batches of the next one lie between them', () => {
  const run = told(NO_RUN, [batch(1, 2, 0.9), epoch(1, 0.8), batch(2, 1, 0.7), batch(2, 2, 0.6)])
  expect(losses(run)).toEqual([[1, 0.8]])
  expect(run.live.map(row => row.x)).toEqual([1.25, 1.5])
  expect([run.epochs, run.progress, run.eta]).toEqual([10, 0.1, 9])
})

test('what was told twice counts once, in one piece or in several', () => {
  const events = [batch(1, 2, 0.9), epoch(1, 0.8), batch(2, 1, 0.7), epoch(2, 0.5), batch(3, 1, 0.4)]
  const whole = told(NO_RUN, events)
  const pieces = events.reduce((run, one) => told(run, [one]), NO_RUN)
  expect(pieces).toEqual(whole)
  expect(told(whole, events)).toBe(whole)
})

test('an attempt that goes back to a checkpoint replaces the epochs that it does again', () => {
  const run = told(NO_RUN, [epoch(1, 0.8), epoch(2, 0.6), batch(3, 2, 0.55), epoch(2, 0.61), batch(3, 1, 0.5)])
  expect(losses(run)).toEqual([
    [1, 0.8],
    [2, 0.61],
  ])
  expect(run.live.map(row => row.x)).toEqual([2.25])
})

test('batches of an epoch that begins again do not lie behind those of before', () => {
  const run = told(NO_RUN, [batch(1, 3, 0.9), batch(1, 1, 0.8)])
  expect(run.live.map(row => row.x)).toEqual([0.25])
})

test('a run does not change when more is told', () => {
  const before = told(NO_RUN, [epoch(1, 0.8)])
  const copy = structuredClone(before)
  told(before, [epoch(2, 0.7), event('log', { level: 'info', text: 'hi' })])
  expect(before).toEqual(copy)
})

test('of many log lines the last 500 are kept', () => {
  const run = told(
    NO_RUN,
    Array.from({ length: 700 }, (_, at) => event('log', { level: 'info', text: String(at) })),
  )
  expect(run.logs).toHaveLength(500)
  expect(run.logs.at(-1)?.text).toBe('699')
})

test('state and final metrics are kept', () => {
  const run = told(NO_RUN, [event('metrics', { metrics: { test_loss: 0.1 } }), event('state', { state: 'succeeded' })])
  expect([run.finals, run.state]).toEqual([{ test_loss: 0.1 }, 'succeeded'])
})

test('without events the row of the job gives a point, unless the epoch is known', () => {
  const run = told(NO_RUN, [epoch(1, 0.8)])
  expect(polled(run, { epoch: 2, loss: 0.7 }).live).toEqual([{ x: 2, metrics: { loss: 0.7 }, seconds: null }])
  expect(polled(run, { epoch: 1, loss: 0.7 })).toBe(run)
  expect(polled(run, { test_loss: 0.7 })).toBe(run)
})

test('a chart shows training and validation of one metric: the loss first, a rate that stays not at all', () => {
  const more = (rate: number) => ({ learning_rate: rate, metrics: { accuracy: 0.5, loss: 1, val_loss: 2 } })
  const metrics = (run: Run) => chartsOf([{ name: 'a', run }]).map(chart => [chart.metric, chart.lines.length])
  const steady = told(NO_RUN, [epoch(1, 1, more(0.1)), epoch(2, 1, more(0.1))])
  expect(metrics(steady)).toEqual([
    ['loss', 2],
    ['accuracy', 1],
  ])
  const falling = told(NO_RUN, [epoch(1, 1, more(0.1)), epoch(2, 1, more(0.05))])
  expect(metrics(falling).at(-1)).toEqual(['learning_rate', 1])
})

test('runs that are compared share their charts, and lines of other lengths are filled with gaps', () => {
  const short = told(NO_RUN, [epoch(1, 0.5)])
  const long = told(NO_RUN, [epoch(1, 0.8), epoch(2, 0.6)])
  const [loss] = chartsOf([
    { name: 'short', run: short },
    { name: 'long', run: long },
  ])
  expect(loss?.lines.map(line => [line.name, line.side])).toEqual([
    ['short', 'train'],
    ['short', 'validation'],
    ['long', 'train'],
    ['long', 'validation'],
  ])
  expect(aligned(loss?.lines ?? [])).toEqual([
    [1, 2],
    [0.5, null],
    [1, null],
    [0.8, 0.6],
    [1.6, 1.2],
  ])
})

const episode = (step: number, metrics: Record<string, number>) =>
  event('episode', { step, steps: 100, metrics, progress: step / 100, eta_s: 9 })

test('episodes of an agent are placed by its steps, together with what else is told of a step', () => {
  const run = told(NO_RUN, [
    episode(20, { return: 20, mean_return: 20 }),
    episode(30, { return: 10, mean_return: 15 }),
    episode(30, { greedy_return: 99 }),
  ])
  expect(run.rows.map(row => row.x)).toEqual([20, 30])
  expect(run.rows[1]?.metrics).toEqual({ return: 10, mean_return: 15, greedy_return: 99 })
  expect([run.step, run.steps, run.progress, run.eta]).toEqual([30, 100, 0.3, 9])
  const [chart] = chartsOf([{ name: 'agent', run }])
  expect(chart).toMatchObject({ metric: 'return', unit: 'step' })
  expect(chart?.lines.map(line => line.side)).toEqual(['episode', 'mean', 'greedy'])
})

test('an agent that goes on from a checkpoint replaces what it tells again', () => {
  const before = told(NO_RUN, [episode(20, { return: 1 }), episode(40, { return: 2 }), episode(60, { return: 3 })])
  const run = told(before, [episode(41, { return: 5 })])
  expect(run.rows.map(row => [row.x, row.metrics.return])).toEqual([
    [20, 1],
    [40, 2],
    [41, 5],
  ])
})

test('an episode without a step is no event', () => {
  expect(readEvent('episode', '1', '{"metrics":{"return":1}}')).toBeNull()
})

test('the learning rate is drawn through batches and epochs; what is done again is replaced', () => {
  const rated = (number: number, at: number, learning_rate: number) =>
    event('batch', { epoch: number, batch: at, batches: 4, metrics: { loss: 1 }, learning_rate })
  const run = told(NO_RUN, [
    rated(1, 1, 0.1),
    rated(1, 4, 0.2),
    epoch(1, 0.8, { learning_rate: 0.2 }),
    rated(2, 2, 0.3),
    rated(2, 3, 0.35),
    rated(2, 1, 0.25),
  ])
  const rates = chartsOf([{ name: 'a', run }]).find(chart => chart.metric === 'learning_rate')
  expect(rates?.lines.flatMap(line => line.rows.map(row => [row.x, row.metrics.learning_rate]))).toEqual([
    [0.25, 0.1],
    [1, 0.2],
    [1.25, 0.25],
  ])
})

test('a rate that only 32 bits round is not drawn', () => {
  const first = event('batch', { epoch: 1, batch: 1, batches: 4, metrics: { loss: 1 }, learning_rate: 0.001 })
  const run = told(NO_RUN, [first, epoch(1, 0.8, { learning_rate: Math.fround(0.001) })])
  expect(chartsOf([{ name: 'a', run }]).map(chart => chart.metric)).toEqual(['loss'])
})
