import { createContext, type ReactNode, useContext } from 'react'
import { type Feedback, useLiveFeedback } from './summary'

const Context = createContext<Feedback | null>(null)

/** Asks once for the whole page; whoever needs shapes, counts or problems takes them from here. */
export function FeedbackProvider({ children }: { children: ReactNode }) {
  return <Context value={useLiveFeedback()}>{children}</Context>
}

export function useFeedback(): Feedback {
  const found = useContext(Context)
  if (!found) throw new Error('useFeedback must be used inside FeedbackProvider')
  return found
}
