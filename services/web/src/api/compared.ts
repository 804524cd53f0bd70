import { useQueries } from '@tanstack/react-query'
import type { JobView, RunRecord } from '@/client/types'
import type { Compared } from '@/jobs/compare/rows'
import { isFinal } from '@/training/follow'
import { artifactOf } from './artifacts'
import { readDataset } from './datasets'
import { failureOf } from './failure'
import { LIVE_MS, readJob } from './jobs'
import { readModel } from './models'

/** Jobs by their ids, in that order; one that is under way is asked again. What failed is told once for all of them. */
export function useCompared(ids: readonly string[]) {
  return useQueries({
    queries: ids.map(id => ({
      queryKey: ['job', id],
      queryFn: () => readJob(id),
      refetchInterval: ({ state }: { state: { data?: JobView | undefined; error: unknown } }) =>
        isFinal(state.data?.state) || isGone(state.error) ? false : 2 * LIVE_MS,
    })),
    combine: found => ({
      compared: found.map(
        ({ data, error }, at): Compared => ({ id: ids[at] ?? '', job: data ?? null, gone: isGone(error) }),
      ),
      error: found.map(one => one.error).find(error => error && !isGone(error)) ?? null,
      isFetching: found.some(one => one.isFetching),
      again: () => {
        for (const one of found) if (one.error) void one.refetch()
      },
    }),
  })
}

const isGone = (error: unknown) => error !== null && failureOf(error).status === 404

/** The name of each model or data set, its id until it is known. */
export function useNamesOf(jobs: readonly (JobView | null)[]): (id: string) => string {
  const models = [...new Set(jobs.flatMap(job => job?.model?.id ?? []))]
  const datasets = [...new Set(jobs.flatMap(job => job?.dataset ?? []))]
  const names = useQueries({
    queries: [
      ...models.map(id => ({ queryKey: ['model', id], queryFn: () => readModel(id), refetchInterval: false as const })),
      ...datasets.map(id => ({
        queryKey: ['dataset', id],
        queryFn: () => readDataset(id),
        refetchInterval: false as const,
      })),
    ],
    combine: found => found.map(one => one.data?.name),
  })
  const known = new Map([...models, ...datasets].map((id, at) => [id, names[at]]))
  return id => known.get(id) ?? id
}

/** What each training that succeeded ran on; null of others. */
export function useRecords(jobs: readonly (JobView | null)[]): readonly (RunRecord | null)[] {
  const done = jobs.flatMap(job => job ?? [])
  const records = useQueries({
    queries: done.map(job => artifactOf(job, 'run.json')),
    combine: found => found.map(one => one.data ?? null),
  })
  const known = new Map(done.map((job, at) => [job.id, records[at] ?? null]))
  return jobs.map(job => (job ? (known.get(job.id) ?? null) : null))
}
