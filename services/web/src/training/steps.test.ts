import { describe, expect, it } from 'vitest'
import { type Step, stepsOf, withoutStep, withStep } from './steps'

const flip: Step = { step: 'flip' }
const crop: Step = { step: 'crop', padding: 2 }

describe('steps of a recipe', () => {
  it('are read from a list and nothing else', () => {
    expect(stepsOf([flip, crop])).toEqual([flip, crop])
    expect(stepsOf(undefined)).toEqual([])
    expect(stepsOf({ in: [flip] })).toEqual([])
    expect(stepsOf([flip, 3, { name: 'crop' }, null])).toEqual([flip])
  })

  it('move, come and go without changing the list before', () => {
    const steps = [flip, crop]
    expect(withStep(withoutStep(steps, 1), 0, crop)).toEqual([crop, flip])
    expect(withoutStep(steps, 0)).toEqual([crop])
    expect(steps).toEqual([flip, crop])
  })
})
