import { useQuery } from '@tanstack/react-query'
import { readVersion } from '@/api/models'
import { layoutOf } from '@/canvas/layout/layoutOf'
import type { Diff } from '@/client/types'
import { unionOf } from '@/model/union'

/** Two versions as one network that is laid out. */
export function useDrawn(id: string, from: number, to: number, diff: Diff) {
  return useQuery({
    queryKey: ['model', id, 'drawn', from, to],
    queryFn: async () => {
      const [before, after] = await Promise.all([readVersion(id, from), readVersion(id, to)])
      const union = unionOf(before.spec, after.spec, diff)
      return { union, places: await layoutOf(union.spec) }
    },
    staleTime: Number.POSITIVE_INFINITY,
  })
}
