/** Undo and redo as snapshots; documents share what they have in common, so a snapshot costs little. */
export type History<T> = {
  readonly past: readonly T[]
  readonly present: T
  readonly future: readonly T[]
  /** Edits with the same key in a row, such as typing into one field, are one step. */
  readonly key: string | null
}

const LONGEST = 200

export function begin<T>(present: T): History<T> {
  return { past: [], present, future: [], key: null }
}

export function record<T>(history: History<T>, next: T, key: string | null = null): History<T> {
  if (next === history.present) return history
  const same = key !== null && key === history.key && history.future.length === 0
  const past = same ? history.past : [...history.past.slice(1 - LONGEST), history.present]
  return { past, present: next, future: [], key }
}

export function undo<T>(history: History<T>): History<T> {
  const last = history.past.at(-1)
  if (last === undefined) return history
  return { past: history.past.slice(0, -1), present: last, future: [history.present, ...history.future], key: null }
}

export function redo<T>(history: History<T>): History<T> {
  const [next, ...rest] = history.future
  if (next === undefined) return history
  return { past: [...history.past, history.present], present: next, future: rest, key: null }
}
