import { create } from 'zustand'
import { persist } from 'zustand/middleware'

export type Theme = 'system' | 'light' | 'dark'

/** What the memory is computed for, and how things look; kept in this browser. */
export type Preferences = {
  theme: Theme
  batchSize: number
  optimizer: string
  deviceGiB: number
  hintSeen: boolean
}

export const usePreferences = create<Preferences>()(
  persist((): Preferences => ({ theme: 'system', batchSize: 32, optimizer: 'adam', deviceGiB: 8, hintSeen: false }), {
    name: 'visualnn.preferences',
    version: 1,
  }),
)

const dark = typeof matchMedia === 'function' ? matchMedia('(prefers-color-scheme: dark)') : null

/** Sets `data-theme` on the document now and whenever the choice or the system changes. */
export function applyTheme(): void {
  const apply = () => {
    const { theme } = usePreferences.getState()
    const shown = theme === 'system' ? (dark?.matches ? 'dark' : 'light') : theme
    document.documentElement.dataset.theme = shown
  }
  apply()
  usePreferences.subscribe(apply)
  dark?.addEventListener('change', apply)
}
