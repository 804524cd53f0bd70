import { useSearch } from 'wouter'
import { navigate } from 'wouter/use-browser-location'
import { JOBS } from '@/pages/location'

const SIDES = ['both', 'train', 'validation'] as const
export type Shown = {
  readonly ids: readonly string[]
  /** The metric whose curves are shown; every one where it is empty. */
  readonly metric: string
  readonly side: (typeof SIDES)[number]
  /** Also what is the same for all of them, as `--all` of the command line. */
  readonly all: boolean
}

/** More columns than these nobody can read. */
export const MOST = 10

/** What is compared and how, as the address says it. */
export function shownIn(search: string): Shown {
  const params = new URLSearchParams(search)
  return {
    ids: [...new Set(params.getAll('job'))].filter(Boolean),
    metric: params.get('metric') ?? '',
    side: SIDES.find(side => side === params.get('side')) ?? 'both',
    all: params.get('all') === '1',
  }
}

/** The address of a comparison; what is as usual is left out. */
export function addressOf({ ids, metric, side, all }: Shown): string {
  const params = new URLSearchParams(ids.map(id => ['job', id]))
  if (metric) params.set('metric', metric)
  if (side !== 'both') params.set('side', side)
  if (all) params.set('all', '1')
  return `${JOBS}/compare?${params}`
}

export function useShown(): readonly [Shown, (change: Partial<Shown>) => void] {
  const shown = shownIn(useSearch())
  return [shown, change => navigate(addressOf({ ...shown, ...change }), { replace: true })]
}
