import { useEffect, useState } from 'react'
import { readJob } from '@/api/jobs'
import { type Connection, follow, isFinal } from './follow'
import { NO_RUN, type Run, told } from './run'

export type Followed = { readonly run: Run; readonly connection: Connection }

const NOTHING: Followed = { run: NO_RUN, connection: 'connecting' }

/** Follows jobs live: job id -> what it has said. `again` grows where a job that had ended goes on. */
export function useRuns(ids: readonly string[], again = 1): (id: string) => Followed {
  const [runs, setRuns] = useState<ReadonlyMap<string, Followed>>(new Map())
  const key = ids.join(' ')
  // biome-ignore lint/correctness/useExhaustiveDependencies: a job that goes on is followed again
  useEffect(() => {
    const change = (id: string, make: (before: Followed) => Followed) =>
      setRuns(before => new Map(before).set(id, make(before.get(id) ?? NOTHING)))
    const stops = key
      .split(' ')
      .filter(Boolean)
      .map(job =>
        follow({
          job,
          onEvents: events => change(job, one => ({ ...one, run: told(one.run, events) })),
          onConnection: connection => change(job, one => ({ ...one, connection })),
          hasEnded: async () => isFinal((await readJob(job)).state),
        }),
      )
    return () => {
      for (const stop of stops) stop()
    }
  }, [key, again])
  return id => runs.get(id) ?? NOTHING
}
