import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { ModelView, Spec } from '@/client/types'
import { api, got } from './client'

export function useModels() {
  return useInfiniteQuery({
    queryKey: ['models'],
    queryFn: ({ pageParam }) => got(api.GET('/api/v1/models', { params: { query: { limit: 50, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next_cursor ?? undefined,
  })
}

export function useModel(id: string) {
  return useQuery({ queryKey: ['model', id], queryFn: () => readModel(id), enabled: id !== '' })
}

export async function readModel(id: string): Promise<ModelView> {
  return got(api.GET('/api/v1/models/{model_id}', { params: { path: { model_id: id } } }))
}

export async function createModel(spec: Spec): Promise<ModelView> {
  return got(api.POST('/api/v1/models', { body: spec as never }))
}

/** The next version; 412 when somebody saved since `etag`. */
export async function saveModel(id: string, spec: Spec, etag: string): Promise<ModelView> {
  const path = { model_id: id }
  const header = { 'If-Match': `"${etag}"` }
  return got(api.PUT('/api/v1/models/{model_id}/spec', { params: { path, header }, body: spec }))
}
