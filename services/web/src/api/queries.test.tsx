import { QueryClientProvider, useQuery } from '@tanstack/react-query'
import { act, cleanup, renderHook } from '@testing-library/react'
import type { ReactNode } from 'react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { refusal, unreachable } from './failure'
import { makeQueryClient, useLastingError } from './queries'

beforeEach(() => vi.useFakeTimers())
afterEach(() => {
  cleanup()
  vi.useRealTimers()
})

const ask = vi.fn<() => Promise<string>>()
const told: boolean[] = []

function useAsked() {
  const query = useQuery({ queryKey: ['asked'], queryFn: ask, staleTime: Number.POSITIVE_INFINITY })
  const error = useLastingError(query)
  told.push(error !== null)
  return { error, data: query.data }
}

function asked(error: unknown) {
  const client = makeQueryClient()
  told.length = 0
  ask.mockReset().mockRejectedValue(error)
  return renderHook(useAsked, {
    wrapper: ({ children }: { children: ReactNode }) => (
      <QueryClientProvider client={client}>{children}</QueryClientProvider>
    ),
  }).result
}

const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms))

test.each([
  ['is gone', unreachable()],
  ['is down behind a proxy', refusal(502, '<h1>')],
])('a server that %s is asked until it is back, and what is told does not flicker', async (_, error) => {
  const result = asked(error)
  await pass(2000)
  expect(result.current.error).toBe(error)
  await pass(20_000)
  ask.mockResolvedValue('here')
  await pass(5000)
  expect(result.current).toEqual({ error: null, data: 'here' })
  expect(told.join(',')).toMatch(/^(false,)+(true,)+false(,false)*$/)
})

test('a refusal is an answer, which is not asked for again', async () => {
  const result = asked(refusal(422, undefined))
  await pass(60_000)
  expect(ask).toHaveBeenCalledTimes(1)
  expect(result.current.error).not.toBeNull()
})
