import type { ComponentType } from 'react'

/** A tab of the right panel: one file `tabs/NAME.tab.tsx` whose default export is this. No other file changes. */
export type PanelTab = {
  readonly id: string
  /** Tabs stand in this order; leave gaps. */
  readonly order: number
  /** Key of the title, such as `panel:layer`. */
  readonly title: string
  readonly Content: ComponentType
  /** A number beside the title, such as of problems; a hook. */
  readonly useBadge?: () => number
}

const found = import.meta.glob<PanelTab>('./tabs/*.tab.tsx', { eager: true, import: 'default' })

export const TABS: readonly PanelTab[] = Object.values(found).sort((a, b) => a.order - b.order)
