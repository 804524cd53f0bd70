import type { LucideIcon } from 'lucide-react'
import type { ComponentType } from 'react'
import { lazyPart } from '@/api/parts'

/** A page: one file `NAME.page.ts` in this folder whose default export is this. No other file changes. */
export type Page = {
  /** Address as wouter matches it: `/app/jobs`, `/app/jobs/:id`. The first is where the link leads. */
  readonly paths: readonly [string, ...string[]]
  /** Pages stand in this order in the bar; leave gaps. */
  readonly order: number
  /** Key of the title, such as `app:editor`. */
  readonly title: string
  readonly icon: LucideIcon
  /** Where the link in the bar leads, if not to the first address. */
  readonly usePath?: () => string
  readonly load: () => Promise<{ default: ComponentType }>
}

const found = import.meta.glob<Page>('./*.page.ts', { eager: true, import: 'default' })

export const PAGES = Object.values(found)
  .sort((a, b) => a.order - b.order)
  .map(page => ({ ...page, Content: lazyPart(page.load) }))
