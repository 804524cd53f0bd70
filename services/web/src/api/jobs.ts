import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { JobRequest, JobState, JobView, MembersView, OperatorView, RecipeField, TrialsView } from '@/client/types'
import { isFinal } from '@/training/follow'
import { api, got } from './client'
import { failureOf } from './failure'

export const LIVE_MS = 1500
/** How long a cancel waits for the end of the process that does the work. */
const CANCEL_S = 10

export type JobFilter = { readonly state?: JobState; readonly kind?: JobView['kind'] }

/** The newest first; asked again while one of them is under way. */
export function useJobs(filter: JobFilter) {
  return useInfiniteQuery({
    queryKey: ['jobs', filter],
    queryFn: ({ pageParam }) =>
      got(api.GET('/api/v1/jobs', { params: { query: { ...filter, limit: 50, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => {
      const under = state.data?.pages.some(page => page.items.some(job => !isFinal(job.state)))
      return under || state.status === 'error' ? 2 * LIVE_MS : false
    },
  })
}

/** Trainings of a model that succeeded, the newest first: what weights there are. */
export function useTrainedOf(model: string | null) {
  const query = { model: model ?? '', kind: 'train', state: 'succeeded', limit: 20 } as const
  return useQuery({
    queryKey: ['jobs', 'trained', model],
    queryFn: async () => (await got(api.GET('/api/v1/jobs', { params: { query: query as never } }))).items,
    enabled: model !== null,
  })
}

/** Polled while it is under way: what the events' stream falls back to. */
export function useJob(id: string) {
  return useQuery({
    queryKey: ['job', id],
    queryFn: () => readJob(id),
    refetchInterval: ({ state }) => (isFinal(state.data?.state) || isRefused(state.error) ? false : LIVE_MS),
  })
}

const isRefused = (error: unknown) => error !== null && failureOf(error).kind === 'refused'

export async function readTrials(id: string): Promise<TrialsView> {
  return got(api.GET('/api/v1/jobs/{job_id}/trials', { params: { path: { job_id: id } } }))
}

export async function readMembers(id: string): Promise<MembersView> {
  return got(api.GET('/api/v1/jobs/{job_id}/members', { params: { path: { job_id: id } } }))
}

export async function readJob(id: string): Promise<JobView> {
  return got(api.GET('/api/v1/jobs/{job_id}', { params: { path: { job_id: id } } }))
}

export async function cancelJob(id: string): Promise<JobView> {
  const query = { wait_s: CANCEL_S }
  return got(api.POST('/api/v1/jobs/{job_id}/cancel', { params: { path: { job_id: id }, query } }))
}

export async function deleteJob(id: string): Promise<void> {
  await got(api.DELETE('/api/v1/jobs/{job_id}', { params: { path: { job_id: id } } }))
}

export async function resumeJob(id: string): Promise<JobView> {
  return got(api.POST('/api/v1/jobs/{job_id}/resume', { params: { path: { job_id: id } } }))
}

/** What a job asks for; the server says which `params` there are, and judges them. */
export type Wanted = Omit<JobRequest, 'kind' | 'params' | 'priority'> & {
  readonly params: Record<string, unknown>
  readonly priority?: number
}

/** Queues a job; the same key again answers with the same job. */
export async function queueJob(kind: JobRequest['kind'], job: Wanted, key?: string): Promise<JobView> {
  const body = { priority: 0, ...job, kind } as JobRequest
  return got(api.POST('/api/v1/jobs', { params: { header: { 'Idempotency-Key': key } }, body }))
}

/** What a check takes of a training's recipe. */
const OF_RECIPE = 'loss losses loss_weights labels_of preprocessing seed device memory_limit_mb'.split(' ')

/** Queues a check of a model on a data set, with the loss, labels and preprocessing that it would be trained with. */
export async function checkModel(job: Wanted): Promise<JobView> {
  const given = Object.entries(job.params).filter(([name, value]) => OF_RECIPE.includes(name) && value !== undefined)
  return queueJob('check', { ...job, params: Object.fromEntries(given) })
}

export async function registerOperator(name: string, job: string): Promise<OperatorView> {
  return got(api.POST('/api/v1/operators', { body: { name, job } }))
}

/** The fields of a train job or a dqn job, as the server tells them. */
export function useRecipeFields(kind: 'train' | 'dqn' = 'train') {
  const queryFn = async (): Promise<RecipeField[]> => (await got(api.GET(`/api/v1/schema/${kind}`))).items
  return useQuery({ queryKey: ['schema', kind], queryFn, staleTime: Number.POSITIVE_INFINITY })
}

/** The fields of a tune job but its space and recipe. */
export function useSearchFields() {
  const queryFn = async (): Promise<RecipeField[]> => (await got(api.GET('/api/v1/schema/tune'))).items
  return useQuery({ queryKey: ['schema', 'tune'], queryFn, staleTime: Number.POSITIVE_INFINITY })
}
