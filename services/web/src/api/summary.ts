import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import type { LayerSummary, Problem, Spec, Summary } from '@/client/types'
import { healthyPart } from '@/model/graph'
import { useEditor, useSpec } from '@/store/editor'
import { usePreferences } from '@/store/preferences'
import { api, got } from './client'
import { type Failure, failureOf } from './failure'
import { idOf } from './identity'
import { useLastingError } from './queries'

const DEBOUNCE_MS = 120

/** What the server says of the network as it is now. */
export type Feedback = {
  /** Totals; null while the network cannot be built. */
  readonly summary: Summary | null
  /** Shapes and counts by layer, of the part that can be built. */
  readonly layers: ReadonlyMap<string, LayerSummary>
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
  /** Why nothing is known, where the server did not answer. */
  readonly failure: Failure | null
  /** What is told is of the network as it was before; the answer to how it is now is not there yet. */
  readonly pending: boolean
}

type Answer = Pick<Feedback, 'summary' | 'layers' | 'problems' | 'warnings'>
type Load = { readonly batch_size: number; readonly optimizer: string; readonly device_bytes: number }

const NOTHING: Answer = { summary: null, layers: new Map(), problems: [], warnings: [] }
const GIB = 1024 ** 3

/** Debounced; an answer to an older question is cancelled, and the last one stays until the next is there. */
export function useLiveFeedback(): Feedback {
  const now = useSpec()
  const spec = useDebounced(now, DEBOUNCE_MS)
  const { batchSize, optimizer, deviceGiB } = usePreferences()
  const load = useMemo(
    () => ({ batch_size: batchSize, optimizer, device_bytes: Math.round(deviceGiB * GIB) }),
    [batchSize, optimizer, deviceGiB],
  )
  const query = useQuery({
    queryKey: ['feedback', idOf(spec), load],
    queryFn: ({ signal }) => ask(spec, load, signal),
    placeholderData: keepPreviousData,
    gcTime: 10_000,
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: state => (state.state.status === 'error' ? 3000 : false),
  })
  const answer = query.data ?? NOTHING
  const error = useLastingError(query)
  const failure = useMemo(() => (error ? failureOf(error) : null), [error])
  const pending = query.isFetching || now !== spec
  const foreign = useEditor(state => state.newer?.problems)
  return useMemo(() => {
    const problems = foreign ? [...foreign, ...answer.problems] : answer.problems
    return { ...answer, problems, summary: foreign ? null : answer.summary, failure, pending }
  }, [answer, failure, pending, foreign])
}

async function ask(spec: Spec, load: Load, signal: AbortSignal): Promise<Answer> {
  if (spec.layers.length === 0) return NOTHING
  try {
    const summary = await summarise(spec, load, signal)
    return { summary, layers: byName(summary), problems: [], warnings: summary.warnings }
  } catch (error) {
    const { kind, status, problems } = failureOf(error)
    if (kind !== 'refused' || status !== 422 || problems.length === 0) throw error
    return { ...NOTHING, problems, layers: await partly(spec, problems, load, signal) }
  }
}

/** Shapes of what does not depend on a layer with a problem. */
async function partly(spec: Spec, problems: readonly Problem[], load: Load, signal: AbortSignal) {
  const part = healthyPart(
    spec,
    problems.flatMap(one => one.where.layer ?? []),
  )
  if (part === null) return NOTHING.layers
  try {
    return byName(await summarise(part, load, signal))
  } catch (error) {
    if (failureOf(error).kind === 'refused') return NOTHING.layers
    throw error
  }
}

async function summarise(spec: Spec, query: Load, signal: AbortSignal): Promise<Summary> {
  return got(api.POST('/api/v1/summary', { params: { query: query as never }, body: spec, signal }))
}

/** Once, for what is not on the screen. */
export async function readSummary(spec: Spec): Promise<Summary> {
  return got(api.POST('/api/v1/summary', { body: spec }))
}

const byName = (summary: Summary) => new Map(summary.layers.map(layer => [layer.name, layer]))

function useDebounced<T>(value: T, wait: number): T {
  const [late, setLate] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setLate(value), wait)
    return () => clearTimeout(timer)
  }, [value, wait])
  return late
}
