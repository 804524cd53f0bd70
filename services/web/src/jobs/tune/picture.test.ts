import { describe, expect, it } from 'vitest'
import type { TrialsView, TrialView } from '@/client/types'
import { goodness, isBeyond, metricRange, niceTicks, progressOf, shareOf, ticksOf } from './picture'

const trial = (number: number, value: number | null, state: TrialView['state'] = 'complete'): TrialView => ({
  number,
  value,
  state,
  values: {},
  epochs: [],
})
const view = (higher: boolean, ...trials: TrialView[]): TrialsView => ({
  monitor: 'val_loss',
  higher_is_better: higher,
  warnings: [],
  trials,
})

describe('an axis', () => {
  it.each([
    [{ type: 'float', low: 0, high: 2, log: false }, 0.5, 0.25],
    [{ type: 'float', low: 1e-4, high: 1, log: true }, 1e-2, 0.5],
    [{ type: 'choice', choices: ['a', 'b', 'c'] }, 'b', 0.5],
    [
      {
        type: 'choice',
        choices: [
          [3, 3],
          [5, 5],
        ],
      },
      [5, 5],
      1,
    ],
  ] as const)('%o has %o at %d', (dimension, value, share) => {
    expect(shareOf(dimension, value)).toBeCloseTo(share)
  })
  it('labels each whole number once', () => {
    const ticks = ticksOf({ type: 'int', low: 1, high: 3, log: false })
    expect(ticks.map(one => one.value)).toEqual([1, 2, 3])
  })
  it('has round numbers', () => {
    expect(niceTicks(0.13, 0.92)).toEqual([0.2, 0.4, 0.6, 0.8])
    expect(niceTicks(0, 26, 5)).toEqual([0, 10, 20])
  })
})

describe('trials', () => {
  const some = [trial(0, 2), trial(1, null, 'pruned'), trial(2, 1), trial(3, 3)]
  it('are told from worst to best by rank', () => {
    expect([...goodness(view(false, ...some))]).toEqual([
      [3, 0],
      [0, 0.5],
      [2, 1],
    ])
    expect(goodness(view(true, ...some)).get(3)).toBe(1)
  })
  it('give the best so far, either way', () => {
    expect(progressOf(view(false, ...some)).map(one => one.best)).toEqual([2, 1, 1])
    expect(progressOf(view(true, ...some)).map(one => one.best)).toEqual([2, 2, 3])
  })
  it('that went astray do not squeeze the others', () => {
    const losses = [0.1, 0.2, 0.3, 50].map((value, at) => trial(at, value))
    expect(metricRange(view(false, ...losses))[1]).toBeLessThan(1)
    expect(isBeyond(view(false, ...losses))).toBe(true)
    expect(metricRange(view(true, ...losses))[1]).toBe(50)
    expect(isBeyond(view(false, ...losses.slice(0, 3)))).toBe(false)
    expect(metricRange(view(false, trial(0, 1)))).toEqual([0.5, 1.5])
  })
})
