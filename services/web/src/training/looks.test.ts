import { expect, test } from 'vitest'
import { readEvent } from './events'
import { isHealthy } from './looks'
import { NO_RUN, told } from './run'

const layer = { layer: 'fc', update_ratio: 0.001, dead: 0.5, activation: { low: 0, high: 1, counts: [1, 2] } }

test('the newest look into the layers is kept', () => {
  const events = [1, 2].map(epoch => readEvent('insight', String(epoch), JSON.stringify({ epoch, layers: [layer] })))
  const run = told(
    NO_RUN,
    events.flatMap(one => one ?? []),
  )
  expect(run.look).toEqual({ epoch: 2, layers: [layer] })
})

test('a look after the first batch says so', () => {
  const look = { epoch: 1, first_batch: true, layers: [layer] }
  expect(readEvent('insight', '1', JSON.stringify(look))).toMatchObject({ look })
})

test('what is no look is left out', () => {
  expect(readEvent('insight', '1', '{"epoch": 1}')).toBeNull()
})

test.each([
  [1e-3, true],
  [1e-7, false],
  [0.5, false],
])('a step of %d of the weights is healthy: %s', (ratio, healthy) => {
  expect(isHealthy(ratio)).toBe(healthy)
})
