import { useQuery } from '@tanstack/react-query'
import type { JobView } from '@/client/types'
import { api, got } from './client'
import { reached, refusal } from './failure'

/** A JSON file of a succeeded job's result; it never changes. null where the job has none of this name. */
export function useArtifact<T>(job: JobView, name: string) {
  const url = `${job.links.artifacts}/${name}`
  return useQuery({
    queryKey: ['artifact', url],
    queryFn: async (): Promise<T | null> => {
      const answer = await reached(fetch(url))
      if (answer.status === 404) return null
      if (!answer.ok) throw refusal(answer.status, undefined)
      return (await answer.json()) as T
    },
    enabled: job.state === 'succeeded',
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** The names of a succeeded job's files. */
export function useArtifacts(job: JobView) {
  return useQuery({
    queryKey: ['artifacts', job.id],
    queryFn: async () => {
      const found = await got(api.GET('/api/v1/jobs/{job_id}/artifacts', { params: { path: { job_id: job.id } } }))
      return found.items.map(item => item.name)
    },
    enabled: job.state === 'succeeded',
    staleTime: Number.POSITIVE_INFINITY,
  })
}
