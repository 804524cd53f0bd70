import { cleanup, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { unreachable } from '@/api/failure'
import { startI18n } from '@/i18n'
import { FailureBox, ProblemList } from './Failure'

beforeEach(async () => {
  await startI18n()
})
afterEach(cleanup)

test('bytes are told in larger units too', () => {
  const rule = 'a model file without weights (bytes) must be at most 33,554,432'
  render(<ProblemList problems={[{ rule, received: 100000000, where: {} }]} />)
  expect(screen.getByRole('listitem').textContent).toMatch(/33,554,432 \(32 MiB\).*100000000 \(95\.4 MiB\)/)
})

test.each([
  ['what is asked again by itself', () => undefined, true],
  ['what is not', undefined, false],
])('that it is tried again is said of %s only', (_, again, said) => {
  render(<FailureBox title="Lost" error={unreachable()} {...(again ? { again } : {})} />)
  expect(screen.getByRole('alert').textContent?.includes('tries again by itself')).toBe(said)
})
