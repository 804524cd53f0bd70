import { create } from 'zustand'

export const usePanel = create<{ tab: string }>(() => ({ tab: 'layer' }))

/** Opens a tab of the right panel. */
export function showTab(tab: string): void {
  usePanel.setState({ tab })
}
