import { useQuery } from '@tanstack/react-query'
import type { EnvironmentRow, JobView } from '@/client/types'
import { api, got } from './client'

/** What an agent can learn in, as the server lists it. */
export function useEnvironments() {
  const queryFn = async (): Promise<EnvironmentRow[]> => (await got(api.GET('/api/v1/environments'))).items
  return useQuery({ queryKey: ['environments'], queryFn, staleTime: Number.POSITIVE_INFINITY })
}

type DqnJob = { readonly model: string; readonly params: Record<string, unknown> }

/** Queues deep Q-learning; the same key again answers with the same job. */
export async function learnIn(job: DqnJob, key: string): Promise<JobView> {
  const body = { kind: 'dqn', priority: 0, ...job } as never
  return got(api.POST('/api/v1/jobs', { params: { header: { 'Idempotency-Key': key } }, body }))
}
