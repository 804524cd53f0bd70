import { type ComponentType, lazy } from 'react'
import { create } from 'zustand'
import { CallError, unreachable } from './failure'

/** Whether the server has another build of the editor than this window. */
export const useOutdated = create<{ outdated: boolean }>(() => ({ outdated: false }))

/** A part of the editor that is fetched when it is first needed. It fails with a `CallError` that says why it is not there. */
export async function part<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    throw await whyLost(error)
  }
}

/** As React's `lazy`, for such a part. */
// biome-ignore lint/suspicious/noExplicitAny: as React declares it
export function lazyPart<Part extends ComponentType<any>>(load: () => Promise<{ default: Part }>) {
  return lazy(() => part(load))
}

/** A build has files of its own names: where the page that is served now begins with another, this window is outdated. */
async function whyLost(error: unknown): Promise<unknown> {
  const mine = entryOf(document)
  const page = await fetch('/', { cache: 'no-store', signal: AbortSignal.timeout(10_000) }).catch(() => null)
  if (!page?.ok) return unreachable()
  const served = entryOf(new DOMParser().parseFromString(await page.text(), 'text/html'))
  if (served === null || served === mine) return error
  useOutdated.setState({ outdated: true })
  return new CallError({ kind: 'outdated', status: 0, title: '', detail: '', problems: [] })
}

const entryOf = (page: Document) => page.querySelector('script[type="module"][src]')?.getAttribute('src') ?? null
