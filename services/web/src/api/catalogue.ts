import { useQuery } from '@tanstack/react-query'
import type { Format, LayerType, NetworkRow, Spec } from '@/client/types'
import { api, got } from './client'

const NEVER_STALE = { staleTime: Number.POSITIVE_INFINITY } as const

export type Catalogue = { readonly items: readonly LayerType[]; readonly byType: ReadonlyMap<string, LayerType> }

const NO_LAYERS: Catalogue = { items: [], byType: new Map() }

/** The catalogue; empty until it is there. */
export function useCatalogue(): Catalogue {
  return useCatalogueQuery().data ?? NO_LAYERS
}

export function useCatalogueQuery() {
  return useQuery({ queryKey: ['layers'], queryFn: readCatalogue, ...NEVER_STALE })
}

let reading: Promise<Catalogue> | null = null

/** The catalogue, asked for once. */
export function readCatalogue(): Promise<Catalogue> {
  reading ??= loadCatalogue().catch(error => {
    reading = null
    throw error
  })
  return reading
}

async function loadCatalogue(): Promise<Catalogue> {
  const { items } = await got(api.GET('/api/v1/layers'))
  return { items, byType: new Map(items.map(item => [item.type, item])) }
}

export function useFormats() {
  const queryFn = async (): Promise<Format[]> => (await got(api.GET('/api/v1/formats'))).items
  return useQuery({ queryKey: ['formats'], queryFn, ...NEVER_STALE })
}

/** Accuracies grow while networks are trained. */
const ZOO_STALE_MS = 5000

export function useZoo() {
  const queryFn = async (): Promise<NetworkRow[]> => (await got(api.GET('/api/v1/zoo'))).items
  return useQuery({ queryKey: ['zoo'], queryFn, ...NEVER_STALE, staleTime: ZOO_STALE_MS })
}

export async function readNetwork(name: string): Promise<Spec> {
  return got(api.GET('/api/v1/zoo/{name}', { params: { path: { name } } }))
}

/** What the platform's settings allow. */
export function useFeatures() {
  return useQuery({
    queryKey: ['features'],
    queryFn: () => got(api.GET('/api/v1/features')),
    staleTime: Number.POSITIVE_INFINITY,
  }).data
}
