import type { Problem, ProblemDocument } from '@/client/types'

/** What can go wrong with a call: the server refused (with its problems), failed, or could not be reached. */
export type Failure = {
  readonly kind: 'refused' | 'failed' | 'unreachable' | 'cancelled'
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly problems: readonly Problem[]
}

export class CallError extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.detail || failure.title)
    this.name = 'CallError'
    this.failure = failure
  }
}

/** The failure that an answer other than 2xx tells. */
export function refusal(status: number, body: unknown): CallError {
  const told = body as Partial<ProblemDocument> | undefined
  return new CallError({
    kind: status >= 500 ? 'failed' : 'refused',
    status,
    title: told?.title ?? `HTTP ${status}`,
    detail: told?.detail ?? '',
    problems: told?.problems ?? [],
  })
}

export function failureOf(error: unknown): Failure {
  if (error instanceof CallError) return error.failure
  const text = error instanceof Error ? error.message : String(error)
  const kind = isAbort(error) ? 'cancelled' : error instanceof TypeError ? 'unreachable' : 'failed'
  return { kind, status: 0, title: '', detail: kind === 'unreachable' ? '' : text, problems: [] }
}

const WEIGHTS_MISSING = 'weights must be given for every variable'

const SHAPE_MISSING = "the input's shape must be known"

/** Whether a file does not say the shape of an input. */
export function lacksShape({ problems }: Failure): boolean {
  return problems.some(one => one.rule === SHAPE_MISSING)
}

/** Whether nothing is wrong but that a format with weights got none. */
export function lacksWeights({ problems }: Failure): boolean {
  return problems.length > 0 && problems.every(one => one.rule === WEIGHTS_MISSING)
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && (error.name === 'AbortError' || error.name === 'TimeoutError')
}
