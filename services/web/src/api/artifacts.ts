import { useQuery } from '@tanstack/react-query'
import type { JobView } from '@/client/types'

/** A JSON file of a succeeded job's result; it never changes. null where the job has none of this name. */
export function useArtifact<T>(job: JobView, name: string) {
  const url = `${job.links.artifacts}/${name}`
  return useQuery({
    queryKey: ['artifact', url],
    queryFn: async (): Promise<T | null> => {
      const answer = await fetch(url)
      if (answer.status === 404) return null
      if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`)
      return (await answer.json()) as T
    },
    enabled: job.state === 'succeeded',
    staleTime: Number.POSITIVE_INFINITY,
  })
}
