import type { Problem } from '@/client/types'

/** What can go wrong with a call: the server refused (with its problems), failed, could not be reached, never answered, or has a newer editor. */
export type Failure = {
  readonly kind: 'refused' | 'failed' | 'unreachable' | 'silent' | 'outdated' | 'cancelled'
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly problems: readonly Problem[]
}

export class CallError extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.detail || failure.title || `HTTP ${failure.status}`)
    this.name = 'CallError'
    this.failure = failure
  }
}

/** The failure that an answer other than 2xx tells. A body that is no problem document, such as a proxy's, tells nothing. */
export function refusal(status: number, body: unknown): CallError {
  const told = isRecord(body) ? body : {}
  const problems = Array.isArray(told.problems) ? told.problems.flatMap(problemIn) : []
  return new CallError({
    kind: status >= 500 ? 'failed' : 'refused',
    status,
    title: textIn(told.title),
    detail: textIn(told.detail),
    problems,
  })
}

/** The answer, or an `unreachable` failure where the network gave none. */
export async function reached<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw unreachable()
  }
}

export const unreachable = () => new CallError({ kind: 'unreachable', status: 0, title: '', detail: '', problems: [] })

export function failureOf(error: unknown): Failure {
  if (error instanceof CallError) return error.failure
  const kind = isAbort(error) ? 'cancelled' : 'failed'
  return { kind, status: 0, title: '', detail: isOurs(error) ? '' : wordsOf(error), problems: [] }
}

/** Codes of problems, as the API names them. */
const WEIGHTS_MISSING = 'weights-missing'
const SHAPE_MISSING = 'input-shape-missing'

/** Whether a file does not say the shape of an input. */
export function lacksShape({ problems }: Failure): boolean {
  return problems.some(one => one.code === SHAPE_MISSING)
}

/** Whether nothing is wrong but that a format with weights got none. */
export function lacksWeights({ problems }: Failure): boolean {
  return problems.length > 0 && problems.every(one => one.code === WEIGHTS_MISSING)
}

/** What the language itself says of a fault, such as of an answer that is no JSON, is not for people. */
const isOurs = (error: unknown) => error instanceof TypeError || error instanceof SyntaxError

const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && (error.name === 'AbortError' || error.name === 'TimeoutError')
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const textIn = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The problem that a value is, with nothing in it that could not be shown. */
function problemIn(value: unknown): Problem[] {
  if (!isRecord(value) || typeof value.rule !== 'string') return []
  const where = isRecord(value.where) ? value.where : {}
  const words = (key: string) => textIn(where[key]) || null
  const line = typeof where.line === 'number' ? where.line : null
  return [
    {
      rule: value.rule,
      received: value.received,
      hint: textIn(value.hint) || null,
      code: textIn(value.code) || null,
      where: { layer: words('layer'), param: words('param'), field: words('field'), line },
    },
  ]
}
