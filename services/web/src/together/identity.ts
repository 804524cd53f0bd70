import { create } from 'zustand'
import { persist } from 'zustand/middleware'

export const COLOURS = 8
export const LONGEST_NAME = 40

/** What one is called by the others, in this browser. Nothing vouches for it: there are no accounts. */
export const useIdentity = create<{ name: string; colour: number }>()(
  persist(() => ({ name: '', colour: Math.floor(Math.random() * COLOURS) }), { name: 'visualnn.identity', version: 1 }),
)

export function callMyself(name: string): void {
  useIdentity.setState({ name: name.trim().slice(0, LONGEST_NAME) })
}
