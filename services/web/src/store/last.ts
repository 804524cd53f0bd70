import { HOME, modelPath } from '@/pages/location'
import { type EditorState, useEditor } from './editor'

const KEY = 'visualnn.lastModel'

/** Where the network is that this browser edited last: links to the editor lead there, not to an empty canvas. */
export const lastPath = (state: EditorState): string => {
  const id = isTouched(state) ? state.origin?.id : localStorage.getItem(KEY)
  return id ? modelPath(id) : HOME
}

export const useLastPath = (): string => useEditor(lastPath)

/** Keeps it over a reload from now on. Gives the way to stop. */
export function keepLast(): () => void {
  const keep = (state: EditorState) => isTouched(state) && localStorage.setItem(KEY, state.origin?.id ?? '')
  keep(useEditor.getState())
  return useEditor.subscribe((state, before) => {
    const same = state.origin === before.origin && state.opened === before.opened
    if (!same || state.history.past !== before.history.past) keep(state)
  })
}

/** A model that could not be opened is not led to again. */
export function forgetLast(id: string): void {
  if (localStorage.getItem(KEY) === id) localStorage.removeItem(KEY)
}

const isTouched = ({ opened, history }: EditorState) => opened > 0 || history.past.length > 0
