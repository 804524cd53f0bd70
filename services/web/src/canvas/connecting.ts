import { create } from 'zustand'

/** While an edge is being dragged: the layers that it may end at. */
export const useConnecting = create<{ valid: ReadonlySet<string> | null }>(() => ({ valid: null }))

export function lightUp(valid: ReadonlySet<string> | null): void {
  useConnecting.setState({ valid })
}

/** Whether a layer is a valid end of the edge, or none; undefined while nothing is dragged. */
export function useLit(name: string): 'lit' | 'dim' | undefined {
  return useConnecting(({ valid }) => (valid === null ? undefined : valid.has(name) ? 'lit' : 'dim'))
}
