import { useQuery } from '@tanstack/react-query'
import type {
  AttributeReport,
  CheckReport,
  ClassReport,
  DqnEvaluation,
  JobView,
  RunRecord,
  SearchReport,
} from '@/client/types'
import type { Look } from '@/training/looks'
import { api, got, sent } from './client'
import { failureOf } from './failure'

/** The JSON files of results that the editor reads, and their forms. */
type Files = {
  [name: `attributes${string}.json`]: AttributeReport
  'check.json': CheckReport
  /** Of the first output, and of others: `classes.parity.json`. */
  [name: `classes${string}.json`]: ClassReport
  'evaluation.json': DqnEvaluation
  'insight.json': readonly Look[]
  'run.json': RunRecord
  'trials.json': SearchReport
}

/** A JSON file of a succeeded job's result; it never changes. null where the job has none of this name. */
export function useArtifact<Name extends keyof Files>(job: JobView, name: Name) {
  return useQuery(artifactOf(job, name))
}

/** The query of such a file. */
export function artifactOf<Name extends keyof Files>(job: JobView, name: Name) {
  const url = `${job.links.artifacts}/${name}`
  return {
    queryKey: ['artifact', url],
    queryFn: async (): Promise<Files[Name] | null> => {
      try {
        return (await (await sent(url, {})).json()) as Files[Name]
      } catch (error) {
        if (failureOf(error).status === 404) return null
        throw error
      }
    },
    enabled: job.state === 'succeeded',
    staleTime: Number.POSITIVE_INFINITY,
  }
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
