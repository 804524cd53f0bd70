import { useQuery } from '@tanstack/react-query'
import type { DatasetView } from '@/client/types'
import { api, got } from './client'

/** Data sets that their names stand for. */
export function useKnown() {
  return useQuery({ queryKey: ['known'], queryFn: () => got(api.GET('/api/v1/datasets/known')) })
}

export function useQuality(id: string, wanted: boolean) {
  return useQuery({
    queryKey: ['quality', id],
    queryFn: () => got(api.GET('/api/v1/datasets/{dataset_id}/quality', { params: { path: { dataset_id: id } } })),
    enabled: wanted,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export type Division = { readonly test: number; readonly seed: number; readonly stratify: boolean }

/** A new data set of the same samples in other splits. */
export function divideDataset(id: string, body: Division): Promise<DatasetView> {
  return got(api.POST('/api/v1/datasets/{dataset_id}/split', { params: { path: { dataset_id: id } }, body }))
}

/** The data set of a known name; made or fetched where it is new. */
export function storeKnown(name: string): Promise<DatasetView> {
  return got(
    api.POST('/api/v1/datasets', { body: { known: name, name: null, format: null, picture_size: null, upload: null } }),
  )
}

/** Where the picture of some samples is. */
export function samplesPicture(id: string, split: string): string {
  return `/api/v1/datasets/${id}/samples.png?split=${split}&count=96`
}
