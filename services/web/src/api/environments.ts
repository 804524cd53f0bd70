import { useQuery } from '@tanstack/react-query'
import type { EnvironmentRow } from '@/client/types'
import { api, got } from './client'

/** What an agent can learn in, as the server lists it. */
export function useEnvironments() {
  const queryFn = async (): Promise<EnvironmentRow[]> => (await got(api.GET('/api/v1/environments'))).items
  return useQuery({ queryKey: ['environments'], queryFn, staleTime: Number.POSITIVE_INFINITY })
}
