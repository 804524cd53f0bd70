import { KINDS, type RunEvent, readEvent } from './events'

export type Connection = 'connecting' | 'live' | 'reconnecting' | 'ended'

type Follow = {
  readonly job: string
  readonly onEvents: (events: readonly RunEvent[]) => void
  readonly onConnection: (state: Connection) => void
  /** Whether the job has ended; asked when a stream was closed for good. Throws where the server does not answer. */
  readonly hasEnded: () => Promise<boolean>
  readonly flushMs?: number
  readonly retryMs?: number
}

const FINAL = new Set(['succeeded', 'failed', 'cancelled'])
const SLOWEST_MS = 10_000

export const isFinal = (state: string | null | undefined): boolean => FINAL.has(state ?? '')

/**
 * Follows a job's events until it has ended. The browser reconnects by itself and says what it saw last; where it gives up
 * (a 204 at the end, a refusal, a server that is away for long) the job is asked, and the stream begun again.
 */
export function follow({ job, onEvents, onConnection, hasEnded, flushMs = 80, retryMs = 1000 }: Follow): () => void {
  let source: EventSource | null = null
  let stopped = false
  let lastId = 0
  let final = false
  let tries = 0
  let waiting: RunEvent[] = []
  let flushing: ReturnType<typeof setTimeout> | undefined
  let retrying: ReturnType<typeof setTimeout> | undefined

  const flush = () => {
    clearTimeout(flushing)
    flushing = undefined
    if (waiting.length > 0) onEvents(waiting)
    waiting = []
  }
  const take = (event: RunEvent | null) => {
    if (event === null) return
    lastId = Math.max(lastId, event.id)
    if (event.kind === 'state') final = FINAL.has(event.state)
    waiting.push(event)
    flushing ??= setTimeout(flush, flushMs)
  }
  const closed = async () => {
    flush()
    source?.close()
    try {
      if (await hasEnded()) return stopped ? undefined : onConnection('ended')
    } catch {
      // The server is away: tried again below.
    }
    if (stopped) return
    onConnection('reconnecting')
    retrying = setTimeout(open, Math.min(SLOWEST_MS, retryMs * 2 ** tries))
    tries += 1
  }
  const open = () => {
    source = new EventSource(`/api/v1/jobs/${encodeURIComponent(job)}/events?after=${lastId}`)
    source.onopen = () => {
      tries = 0
      onConnection('live')
    }
    source.onerror = () => {
      if (source?.readyState === EventSource.CLOSED) void closed()
      else if (!final) onConnection('reconnecting')
    }
    for (const kind of KINDS) {
      source.addEventListener(kind, event => take(readEvent(kind, event.lastEventId, event.data)))
    }
  }
  onConnection('connecting')
  open()
  return () => {
    stopped = true
    clearTimeout(flushing)
    clearTimeout(retrying)
    source?.close()
  }
}
