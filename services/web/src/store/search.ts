import { create } from 'zustand'
import { persist } from 'zustand/middleware'
import { queueJob } from '@/api/jobs'
import { closeDialog } from '@/dialogs/state'
import { goTo, jobPath } from '@/pages/location'
import type { Params } from '@/training/recipe'
import { type Dimension, spaceOf } from '@/training/tune/dimensions'
import { needed } from '@/training/tune/fields'
import { useRecipe } from './recipe'
import { newKey, savedModel } from './training'

/** The search that is being written; kept in this browser. The recipe of the tab Train is what its trials share. */
export type Search = { readonly dimensions: readonly Dimension[]; readonly params: Params }

export const useSearch = create<Search>()(
  persist((): Search => ({ dimensions: [], params: {} }), { name: 'visualnn.search', version: 1 }),
)

/** A search on its way to the server. */
export const useSearching = create<{ pending: boolean; error: unknown }>(() => ({ pending: false, error: null }))

let sent = { text: '', key: '' }

/** Saves what is on the canvas, queues a search on that version and shows the job. */
export async function startSearch(): Promise<void> {
  if (useSearching.getState().pending) return
  useSearching.setState({ pending: true, error: null })
  try {
    const model = await savedModel()
    if (model !== null) await submit(model)
    useSearching.setState({ pending: false })
  } catch (error) {
    useSearching.setState({ pending: false, error })
  }
}

async function submit(model: string): Promise<void> {
  const { dataset, params: recipe } = useRecipe.getState()
  const { dimensions, params } = useSearch.getState()
  const request = { model, dataset, params: { ...needed(params), space: spaceOf(dimensions), recipe: { ...recipe } } }
  const text = JSON.stringify(request)
  if (sent.text !== text) sent = { text, key: newKey() }
  const job = await queueJob('tune', request, sent.key)
  sent = { text: '', key: '' }
  closeDialog()
  goTo(jobPath(job.id))
}
