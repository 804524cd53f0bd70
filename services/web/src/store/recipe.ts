import { create } from 'zustand'
import { persist } from 'zustand/middleware'
import type { Params } from '@/training/recipe'

/** The recipe that is being written, and the data set; kept in this browser. */
export type Recipe = {
  readonly dataset: string
  readonly params: Params
  /** Of the job among those that wait; absent in what an older editor kept. */
  readonly priority?: number
}

export const useRecipe = create<Recipe>()(
  persist((): Recipe => ({ dataset: '', params: {} }), { name: 'visualnn.recipe', version: 1 }),
)
