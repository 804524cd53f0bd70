import { create } from 'zustand'
import type { OperatorView } from '@/client/types'
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

/** What each input was given; an input that was given nothing is left out. */
export type AllGiven = Readonly<Record<string, Given>>

/** Pictures are large: of more operators than these, the one that was left alone longest is forgotten. */
const MOST_KEPT = 8
const NOTHING: AllGiven = {}

/** A drawing outlives its page: whoever looks at another tab, version or page finds it again. */
const useKept = create<ReadonlyMap<string, AllGiven>>(() => new Map())

/** Versions with the same inputs share what was given, so that their answers can be compared. */
const keyOf = ({ name, signature }: OperatorView): string => JSON.stringify([name, signature.inputs])

export function useGiven(operator: OperatorView): AllGiven {
  const key = keyOf(operator)
  return useKept(kept => kept.get(key) ?? NOTHING)
}

/** Changes what an input was given; what is not named stays as it is by then. */
export function give(operator: OperatorView, input: string, change: Partial<Given>): void {
  const key = keyOf(operator)
  const kept = new Map(useKept.getState())
  const before = kept.get(key) ?? NOTHING
  kept.delete(key)
  kept.set(key, { ...before, [input]: { ...(before[input] ?? NOTHING_GIVEN), ...change } })
  for (const old of [...kept.keys()].slice(0, -MOST_KEPT)) kept.delete(old)
  useKept.setState(kept, true)
}

export const givenTo = (operator: OperatorView): AllGiven => useKept.getState().get(keyOf(operator)) ?? NOTHING
