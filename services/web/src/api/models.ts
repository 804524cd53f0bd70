import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { ModelView, Spec, VersionView } from '@/client/types'
import { api, got, sent } from './client'

/** A page at a time, the newest first; with a name, only models that are called exactly so. */
export function useModels(name = '') {
  return useInfiniteQuery({
    queryKey: ['models', name],
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: 50, cursor: pageParam, ...(name ? { name } : {}) }
      return got(api.GET('/api/v1/models', { params: { query }, signal }))
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next_cursor ?? undefined,
  })
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

export function useModel(id: string) {
  return useQuery({ queryKey: ['model', id], queryFn: () => readModel(id), enabled: id !== '' })
}

/** The newest first. */
export function useVersions(id: string) {
  return useInfiniteQuery({
    queryKey: ['model', id, 'versions'],
    queryFn: ({ pageParam }) => {
      const params = { path: { model_id: id }, query: { limit: 50, cursor: pageParam } }
      return got(api.GET('/api/v1/models/{model_id}/versions', { params }))
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next_cursor ?? undefined,
  })
}

export function useDiff(id: string, from: number, to: number) {
  return useQuery({
    queryKey: ['model', id, 'diff', from, to],
    queryFn: () =>
      got(api.GET('/api/v1/models/{model_id}/diff', { params: { path: { model_id: id }, query: { from, to } } })),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: from !== to,
  })
}

export async function readVersion(id: string, number: number): Promise<VersionView> {
  return got(api.GET('/api/v1/models/{model_id}/versions/{number}', { params: { path: { model_id: id, number } } }))
}

/** An older version becomes the newest one too: nothing is lost. */
export async function restoreVersion(id: string, number: number): Promise<ModelView> {
  const [{ spec }, { etag }] = await Promise.all([readVersion(id, number), readModel(id)])
  return saveModel(id, spec, etag)
}

export async function deleteModel(id: string): Promise<void> {
  await sent(`/api/v1/models/${encodeURIComponent(id)}`, { method: 'DELETE' })
}
