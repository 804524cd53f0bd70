import { useMemo } from 'react'
import { create } from 'zustand'
import { useComments } from '@/api/together'
import type { CommentView } from '@/client/types'
import { isShared, useTogether } from './state'

export type Thread = {
  readonly first: CommentView
  readonly answers: readonly CommentView[]
  /** The layer's name now; null where it is gone. */
  readonly layer: string | null
}

/** The list of comments beside the canvas: whether it is shown, and with those that are resolved. */
export const useDrawer = create<{ open: boolean; resolved: boolean }>(() => ({ open: false, resolved: false }))

/** The threads of the model on the canvas, the newest first. */
export function useThreads(): { threads: readonly Thread[]; error: unknown; refetch: () => void } {
  const model = useTogether(state => (isShared(state) ? state.model : null))
  const talk = useTogether(state => state.talk)
  const keys = useTogether(state => state.keys)
  const { data, error, refetch } = useComments(model ?? '', talk)
  const threads = useMemo(() => (model ? threadsOf(data ?? [], keys) : []), [model, data, keys])
  return { threads, error, refetch }
}

export function threadsOf(comments: readonly CommentView[], keys: ReadonlyMap<string, string>): Thread[] {
  const names = new Map([...keys].map(([name, key]) => [key, name]))
  return comments
    .filter(one => one.thread === null)
    .map(first => ({
      first,
      answers: comments.filter(one => one.thread === first.id),
      layer: names.get(first.layer) ?? null,
    }))
    .toReversed()
}
