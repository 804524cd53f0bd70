import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { ModelView, Spec, VersionView } from '@/client/types'
import { rowsOf } from '@/ui/Listed'
import { useRested } from '@/ui/useRested'
import { api, got, sent } from './client'

/** A page at a time, the newest first; with a text, only models whose name holds it. */
export function useModels(text = '') {
  return useInfiniteQuery({
    queryKey: ['models', text],
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: 50, cursor: pageParam, ...(text ? { query: text } : {}) }
      return got(api.GET('/api/v1/models', { params: { query }, signal }))
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  })
}

/** Models whose name holds what is typed. A page of a search may be empty and have a next one: then that is fetched. */
export function useModelSearch(typed: string) {
  const query = useModels(useRested(typed.trim()))
  const rows = rowsOf(query.data)
  const { hasNextPage, isFetching, fetchNextPage } = query
  const goOn = rows.length === 0 && hasNextPage && !isFetching
  useEffect(() => {
    if (goOn) void fetchNextPage()
  }, [goOn, fetchNextPage])
  return { query, rows }
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
