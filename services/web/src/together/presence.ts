import i18next from 'i18next'
import type { Awareness } from 'y-protocols/awareness'
import type { Point } from '@/model/doc'
import { useEditor } from '@/store/editor'
import { COLOURS, LONGEST_NAME, useIdentity } from './identity'
import { type Person, useTogether } from './state'

const MOST_SELECTED = 50
const EVERY_MS = 50

let awareness: Awareness | null = null
let timer: ReturnType<typeof setTimeout> | undefined
let waiting: Point | null = null

/** Tells the others where the pointer is; null when it left. */
export function point(at: Point | null): void {
  waiting = at && { x: Math.round(at.x), y: Math.round(at.y) }
  if (timer !== undefined) return
  timer = setTimeout(() => {
    timer = undefined
    awareness?.setLocalStateField('cursor', waiting)
  }, EVERY_MS)
}

/** Tells the others who and where one is, and shows who they are. Gives the way to stop. */
export function showPeople(here: Awareness, me: number): () => void {
  awareness = here
  const told = () => ({ name: myName(me), colour: useIdentity.getState().colour })
  here.setLocalState({ user: told(), cursor: null, selected: useEditor.getState().selection.slice(0, MOST_SELECTED) })
  const show = () => {
    const others = [...here.getStates()].filter(([client]) => client !== me)
    useTogether.setState({ people: others.map(([client, state]) => personOf(client, state)) })
  }
  here.on('change', show)
  const stopNames = useIdentity.subscribe(() => here.setLocalStateField('user', told()))
  const stopSelection = useEditor.subscribe((state, before) => {
    if (state.selection !== before.selection) {
      here.setLocalStateField('selected', state.selection.slice(0, MOST_SELECTED))
    }
  })
  return () => {
    here.off('change', show)
    stopNames()
    stopSelection()
    if (awareness === here) awareness = null
  }
}

/** What one is called; who gave no name is a guest with a number. */
export function myName(client = 0): string {
  return useIdentity.getState().name || i18next.t('together:guest', { number: (client % 90) + 10 })
}

/** What somebody tells of themselves; anybody may tell anything. */
export function personOf(client: number, state: unknown): Person {
  const { user, cursor, selected } = (state ?? {}) as { user?: unknown; cursor?: unknown; selected?: unknown }
  const { name, colour } = (user ?? {}) as { name?: unknown; colour?: unknown }
  const { x, y } = (cursor ?? {}) as Partial<Point>
  const names = Array.isArray(selected) ? selected.slice(0, MOST_SELECTED) : []
  return {
    client,
    name: (typeof name === 'string' ? name.trim().slice(0, LONGEST_NAME) : '') || '?',
    colour: Number.isInteger(colour) ? Math.abs(Number(colour)) % COLOURS : 0,
    cursor: Number.isFinite(x) && Number.isFinite(y) ? { x: Number(x), y: Number(y) } : null,
    selected: names.filter(one => typeof one === 'string'),
  }
}
