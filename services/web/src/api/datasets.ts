import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { DatasetView, SamplesView } from '@/client/types'
import { api, got } from './client'
import { refusal, unreachable } from './failure'

export function useDatasets() {
  return useInfiniteQuery({
    queryKey: ['datasets'],
    queryFn: ({ pageParam }) =>
      got(api.GET('/api/v1/datasets', { params: { query: { limit: 50, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next_cursor ?? undefined,
  })
}

/** Those with exactly this name, which may be far down the list. */
export function useDatasetsNamed(name: string) {
  return useQuery({
    queryKey: ['datasets', 'named', name],
    queryFn: () => got(api.GET('/api/v1/datasets', { params: { query: { limit: 50, name } } })),
    enabled: name !== '',
  })
}

export function useDataset(id: string) {
  return useQuery({ queryKey: ['dataset', id], queryFn: () => readDataset(id), enabled: id !== '' })
}

export async function readDataset(id: string): Promise<DatasetView> {
  return got(api.GET('/api/v1/datasets/{dataset_id}', { params: { path: { dataset_id: id } } }))
}

export function useClassCounts(id: string, enabled: boolean) {
  return useQuery({
    queryKey: ['dataset', id, 'classes'],
    queryFn: () => got(api.GET('/api/v1/datasets/{dataset_id}/classes', { params: { path: { dataset_id: id } } })),
    staleTime: Number.POSITIVE_INFINITY,
    enabled,
  })
}

type Look = { readonly id: string; readonly split: 'train' | 'test'; readonly offset: number; readonly limit: number }

export async function readSamples({ id, ...query }: Look, signal?: AbortSignal): Promise<SamplesView> {
  const params = { path: { dataset_id: id }, query }
  return got(api.GET('/api/v1/datasets/{dataset_id}/samples', { params, signal }))
}

export function useSamples({ id, ...query }: Look) {
  return useQuery({
    queryKey: ['samples', id, query],
    queryFn: ({ signal }) => readSamples({ id, ...query }, signal),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export async function deleteDataset(id: string): Promise<void> {
  const { response, error } = await api.DELETE('/api/v1/datasets/{dataset_id}', {
    params: { path: { dataset_id: id } },
  })
  if (!response.ok) throw refusal(response.status, error)
}

/** Uploads the files of one data set and tells the share that was sent; `fetch` cannot tell that. */
export function uploadDataset(
  files: readonly File[],
  onShare: (share: number) => void,
  signal: AbortSignal,
): Promise<DatasetView> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const form = new FormData()
    for (const file of files) form.append('file', file)
    request.open('POST', '/api/v1/datasets')
    request.upload.onprogress = event => event.lengthComputable && onShare(event.loaded / event.total)
    request.onload = () => {
      const body = parsed(request.responseText)
      if (request.status >= 200 && request.status < 300) resolve(body as DatasetView)
      else reject(refusal(request.status, body))
    }
    request.onerror = () => reject(unreachable())
    request.onabort = () => reject(new DOMException('cancelled', 'AbortError'))
    signal.addEventListener('abort', () => request.abort())
    request.send(form)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
