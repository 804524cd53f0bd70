import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { OperatorView, Predictions } from '@/client/types'
import { api, got, sent } from './client'

/** A page at a time: the newest version of each. */
export function useOperators() {
  return useInfiniteQuery({
    queryKey: ['operators'],
    queryFn: ({ pageParam, signal }) =>
      got(api.GET('/api/v1/operators', { params: { query: { limit: 50, cursor: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next_cursor ?? undefined,
  })
}

export function useOperator(name: string) {
  return useQuery({
    queryKey: ['operator', name],
    queryFn: () => got(api.GET('/api/v1/operators/{name}', { params: { path: { name } } })),
  })
}

export function useOperatorVersions(name: string) {
  return useInfiniteQuery({
    queryKey: ['operator', name, 'versions'],
    queryFn: ({ pageParam }) => {
      const params = { path: { name }, query: { limit: 50, cursor: pageParam } }
      return got(api.GET('/api/v1/operators/{name}/versions', { params }))
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next_cursor ?? undefined,
  })
}

export async function deleteOperator(name: string): Promise<void> {
  await sent(`/api/v1/operators/${encodeURIComponent(name)}`, { method: 'DELETE' })
}

/** Lets an alias such as `champion` mean a version. */
export async function pointAlias(name: string, alias: string, version: number): Promise<OperatorView> {
  const path = { name, alias }
  return got(api.PUT('/api/v1/operators/{name}/aliases/{alias}', { params: { path }, body: { version } }))
}

export type Answer = Predictions & { readonly ms: number }
/** A list of samples for each input. */
export type Samples = Readonly<Record<string, readonly unknown[]>>

/** Predicts with a version, and says how long the way there and back took. */
export async function predict(operator: OperatorView, samples: Samples, signal?: AbortSignal): Promise<Answer> {
  const start = performance.now()
  const answer = await got(
    api.POST('/api/v1/operators/{name}/predict', {
      params: { path: { name: operator.name }, query: { version: String(operator.version) } },
      body: { inputs: samples } as never,
      signal,
    }),
  )
  return { ...answer, ms: performance.now() - start }
}

/** More operators than these are not looked through. */
const MOST_LOOKED_AT = 200

/** The operators that were trained from a model, among the newest. */
export function useOperatorsOf(model: string | null) {
  return useQuery({
    queryKey: ['operators', 'of', model],
    queryFn: async () => {
      const { items } = await got(api.GET('/api/v1/operators', { params: { query: { limit: MOST_LOOKED_AT } } }))
      return items.filter(one => one.lineage.model === model && one.ready)
    },
    enabled: model !== null,
  })
}
