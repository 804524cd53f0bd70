import { create } from 'zustand'

/** The blocks whose inside is shown; of this window only. */
const useOpen = create<{ readonly names: ReadonlySet<string> }>(() => ({ names: new Set() }))

export const useInsideOf = (name: string): boolean => useOpen(state => state.names.has(name))

/** Whether it is shown now. */
export function toggleInside(name: string): boolean {
  const names = new Set(useOpen.getState().names)
  const shown = !names.delete(name)
  if (shown) names.add(name)
  useOpen.setState({ names })
  return shown
}

export function closeInside(names: Iterable<string>): void {
  const left = new Set(useOpen.getState().names)
  for (const name of names) left.delete(name)
  useOpen.setState({ names: left })
}
