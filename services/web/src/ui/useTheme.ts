import { useSyncExternalStore } from 'react'

/** The theme that is shown; what is drawn on a canvas must be drawn anew when it changes. */
export function useTheme(): string {
  return useSyncExternalStore(watch, () => document.documentElement.dataset.theme ?? 'light')
}

function watch(changed: () => void): () => void {
  const observer = new MutationObserver(changed)
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  return () => observer.disconnect()
}
