import { create } from 'zustand'
import { persist } from 'zustand/middleware'
import type { Params } from '@/training/recipe'

/**
 * The recipe that is being written, and the data set, or in its place an environment as `env:NAME`; kept in this browser.
 * An agent's learning has params of its own.
 */
export type Recipe = { readonly dataset: string; readonly params: Params; readonly agent: Params }

const PREFIX = 'env:'
export const asChoice = (environment: string) => `${PREFIX}${environment}`

/** The environment that is chosen, null where a data set or nothing is. */
export const environmentOf = (dataset: string): string | null =>
  dataset.startsWith(PREFIX) ? dataset.slice(PREFIX.length) : null

export const useRecipe = create<Recipe>()(
  persist((): Recipe => ({ dataset: '', params: {}, agent: {} }), { name: 'visualnn.recipe', version: 1 }),
)
