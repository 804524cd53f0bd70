import { create } from 'zustand'
import { CallError } from './failure'

/** After so long without an answer people are told, and after so long a call is given up. */
const TOLD_MS = { reading: 5000, changing: 15_000 }
const LIMIT_MS = { reading: 20_000, changing: 60_000 }
/** Calls that may take long for good reasons, and whose windows say how far they are. */
const LONG = /\/(conversions|quality|weights)(\/|$|\?)/
const LONG_CHANGES = /\/(datasets|operators|uploads)(\/|$|\?)/

/** How many calls have had no answer for a while. */
export const useSilent = create<{ calls: number }>(() => ({ calls: 0 }))

const reading = new Set<AbortController>()

/** What a call ends with that the server took and never answered. */
export const unanswered = () => new CallError({ kind: 'silent', status: 0, title: '', detail: '', problems: [] })

/** As `fetch`, but a server that hangs is told of and not waited for endlessly. */
export async function asked(input: Request | string, init: RequestInit = {}): Promise<Response> {
  const { method, path } = told(input, init)
  const kind = method === 'GET' ? 'reading' : 'changing'
  if (LONG.test(path) || (kind === 'changing' && LONG_CHANGES.test(path))) return fetch(input, init)
  const given = init.signal ?? (typeof input === 'string' ? null : input.signal)
  const limit = new AbortController()
  const signal = given ? AbortSignal.any([given, limit.signal]) : limit.signal
  if (kind === 'reading') reading.add(limit)
  let counted = 0
  const tell = setTimeout(() => {
    counted = 1
    useSilent.setState(({ calls }) => ({ calls: calls + 1 }))
  }, TOLD_MS[kind])
  const end = setTimeout(() => limit.abort(unanswered()), LIMIT_MS[kind])
  try {
    return await fetch(input, { ...init, signal })
  } finally {
    clearTimeout(tell)
    clearTimeout(end)
    reading.delete(limit)
    if (counted) useSilent.setState(({ calls }) => ({ calls: calls - counted }))
  }
}

/** Gives up every call that only reads, so that it can be made anew. */
export function stopReading(): void {
  for (const one of reading) one.abort(unanswered())
}

function told(input: Request | string, init: RequestInit): { method: string; path: string } {
  if (typeof input === 'string') return { method: init.method ?? 'GET', path: input }
  return { method: input.method, path: new URL(input.url).pathname }
}
