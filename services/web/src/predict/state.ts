import type { Stroke } from './pen'
import type { Grey } from './pixels'

/** What a person gave one input, kept while they look at other ways to give it. */
export type Given = {
  readonly way: 'draw' | 'picture' | 'numbers'
  readonly strokes: readonly Stroke[]
  readonly centre: boolean
  /** Ink is bright on dark, as in MNIST; dark on light otherwise. */
  readonly bright: boolean
  readonly file: { readonly name: string; readonly channels: readonly Grey[] } | null
  readonly invert: boolean
  readonly text: string
}

export const NOTHING_GIVEN: Given = {
  way: 'draw',
  strokes: [],
  centre: true,
  bright: true,
  file: null,
  invert: false,
  text: '',
}
