import { create } from 'zustand'
import { type Failure, failureOf } from '@/api/failure'

export type Toast = {
  readonly id: number
  readonly tone: 'info' | 'error'
  readonly text: string
  readonly failure?: Failure
  /** Does once more what failed. */
  readonly again?: () => unknown
}

export const useToasts = create<{ items: readonly Toast[] }>(() => ({ items: [] }))

const SHOWN_MS = 5000
let last = 0

/** Tells something in passing; it goes away by itself. */
export function tell(text: string): void {
  const { id } = add({ tone: 'info', text })
  setTimeout(() => dismiss(id), SHOWN_MS)
}

/** Tells what went wrong, once; it stays until it is dismissed. With `again` it can be tried once more from there. */
export function tellFailure(text: string, error: unknown, again?: () => unknown): void {
  const failure = failureOf(error)
  if (failure.kind === 'cancelled') return
  settleFailure(text)
  add({ tone: 'error', text, failure, ...(again ? { again } : {}) })
}

/** Takes back what was told of a failure, because it is over. */
export function settleFailure(text: string): void {
  useToasts.setState(({ items }) => ({ items: items.filter(item => item.tone !== 'error' || item.text !== text) }))
}

export function dismiss(id: number): void {
  useToasts.setState(({ items }) => ({ items: items.filter(item => item.id !== id) }))
}

export function dismissAll(): void {
  useToasts.setState({ items: [] })
}

function add(toast: Omit<Toast, 'id'>): Toast {
  last += 1
  const added = { ...toast, id: last }
  useToasts.setState(({ items }) => ({ items: [...items.slice(-3), added] }))
  return added
}
