import type { Group, Spec } from '@/client/types'
import type { Doc } from './doc'
import { type Box, hiddenBy, seenBoxOf, shownGroups } from './groups'

/** Room around the layers of an open group, and more above for its name. */
const MARGIN = 18
const HEAD = 34
/** How much further a frame reaches that holds another. */
const RING = 12

export type Frame = { readonly group: Group; readonly box: Box }

/** Where the frames of open groups lie, outer ones first. */
export function framesOf(spec: Spec, positions: Doc['positions']): Frame[] {
  const { frames } = shownGroups(spec)
  const hidden = hiddenBy(spec)
  return frames.flatMap(group => {
    const box = seenBoxOf(hidden, positions, group)
    return box ? [{ group, box: around(box, ringsIn(group, frames)) }] : []
  })
}

function ringsIn(group: Group, frames: readonly Group[]): number {
  const within = new Set(group.layers)
  return frames.filter(one => one !== group && one.layers.every(name => within.has(name))).length
}

function around({ left, top, right, bottom }: Box, rings: number): Box {
  const margin = MARGIN + rings * RING
  return { left: left - margin, top: top - HEAD * (rings + 1), right: right + margin, bottom: bottom + margin }
}
