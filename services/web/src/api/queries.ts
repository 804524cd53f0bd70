import { QueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { failureOf } from './failure'

const AGAIN_MS = 3000

/** A refusal is an answer: only what may be better the next time is asked again. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: (count, error) => count < 2 && !['refused', 'silent', 'outdated'].includes(failureOf(error).kind),
        retryDelay: count => 400 * 2 ** count,
        refetchOnWindowFocus: false,
        networkMode: 'always',
        refetchInterval: ({ state }) => (isAway(state.error) ? AGAIN_MS : false),
      },
      mutations: { networkMode: 'always' },
    },
  })
}

/** Whether the server, or what stands before it, says that there is none just now. */
export function isAway(error: unknown): boolean {
  if (error === null) return false
  const { kind, status } = failureOf(error)
  return kind === 'unreachable' || kind === 'silent' || (status >= 502 && status <= 504)
}

type Query = { readonly error: unknown; readonly isFetching: boolean }

/** The error of a query, also while it is asked again: what is told does not come and go with every try. */
export function useLastingError({ error, isFetching }: Query): unknown {
  const [kept, keep] = useState<unknown>(null)
  const now = error ?? (isFetching ? kept : null)
  if (now !== kept) keep(now)
  return now
}
