import { part } from '@/api/parts'
import type { Spec } from '@/client/types'
import type { Point } from '@/model/doc'
import { quickLayout } from './quick'

/** ELK takes seconds beyond some hundred layers; the quick layout has its places at once. */
const MOST_FOR_ELK = 120

/** A place for every layer. */
export async function layoutOf(spec: Spec): Promise<Record<string, Point>> {
  if (spec.layers.length > MOST_FOR_ELK) return quickLayout(spec)
  try {
    return await (await part(() => import('./elk'))).elkLayout(spec)
  } catch {
    return quickLayout(spec) // such as where the worker could not be loaded
  }
}
