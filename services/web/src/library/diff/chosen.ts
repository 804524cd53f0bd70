import { create } from 'zustand'

/** The change that is looked at, in the list and in the drawing; `times` grows with each jump, to the same one too. */
export const useChosen = create<{ readonly name: string | null; readonly times: number }>(() => ({
  name: null,
  times: 0,
}))

export function choose(name: string | null): void {
  useChosen.setState(({ times }) => ({ name, times: times + 1 }))
}
