import { type ComponentProps, type ComponentType, createElement, lazy } from 'react'
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

/** Whether the page that was asked for is there: the server was just now. */
let started = false
let round = 0

/** Parts that were lost are fetched anew when they are drawn next. */
export function fetchAgain(): void {
  round += 1
}

/** As React's `lazy`, for such a part; React's own stays lost for good. */
// biome-ignore lint/suspicious/noExplicitAny: as React declares it
export function lazyPart<Part extends ComponentType<any>>(load: () => Promise<{ default: Part }>) {
  let lostIn: number | null = null
  const fetched = () =>
    lazy(async () => {
      try {
        // a browser never fetches a module again whose fetch failed once: without a server none is begun
        if (started && !(await isServed())) throw unreachable()
        const found = await part(load)
        started = true
        return found
      } catch (error) {
        lostIn = round
        throw error
      }
    })
  let Now = fetched()
  return function Lazy(props: ComponentProps<Part>) {
    if (lostIn !== null && lostIn < round) {
      lostIn = null
      Now = fetched()
    }
    return createElement(Now as ComponentType<ComponentProps<Part>>, props)
  }
}

/** A build has files of its own names: where the page that is served now begins with another, this window is outdated. */
async function whyLost(error: unknown): Promise<unknown> {
  const mine = entryOf(document)
  const page = await servedPage()
  if (!page) return unreachable()
  const served = entryOf(new DOMParser().parseFromString(await page.text(), 'text/html'))
  if (served === null || served === mine) return error
  useOutdated.setState({ outdated: true })
  return new CallError({ kind: 'outdated', status: 0, title: '', detail: '', problems: [] })
}

async function servedPage(): Promise<Response | null> {
  const page = await fetch('/', { cache: 'no-store', signal: AbortSignal.timeout(10_000) }).catch(() => null)
  return page?.ok ? page : null
}

/** Whether the server is there to fetch parts from. */
export const isServed = async () => (await servedPage()) !== null

const entryOf = (page: Document) => page.querySelector('script[type="module"][src]')?.getAttribute('src') ?? null
