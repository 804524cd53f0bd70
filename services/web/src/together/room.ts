import { useEffect } from 'react'
import { failureOf } from '@/api/failure'
import { part } from '@/api/parts'
import { readRoom } from '@/api/together'
import { useEditor } from '@/store/editor'
import type { Session } from './session'
import { ALONE, useTogether } from './state'

const AGAIN_MS = 5000

let session: Session | null = null

/** Joins the room of the model on the canvas, where it has one, and leaves it with the model. */
export function useRoom(): void {
  const model = useEditor(state => state.origin?.id ?? null)
  const opened = useEditor(state => state.opened > 0)
  useEffect(() => {
    if (model === null || !opened) return undefined
    let current = true
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = () => {
      enter(model, () => current).catch(error => {
        const lost = failureOf(error).kind !== 'refused'
        if (current && lost) timer = setTimeout(ask, AGAIN_MS) // the server is away: one works alone until it is back
      })
    }
    ask()
    return () => {
      current = false
      clearTimeout(timer)
      leave()
    }
  }, [model, opened])
}

/** Joins a model's room; where it has none, nothing happens. What Yjs needs is loaded here. */
export async function enter(model: string, wanted: () => boolean = () => true): Promise<void> {
  if (session) return
  const room = await readRoom(model)
  if (!room.open || !wanted()) return
  const { join } = await part(() => import('./session'))
  if (!wanted() || session) return
  session = join(model, room.role, room.key ?? '')
}

export function leave(): void {
  session?.leave()
  session = null
  useTogether.setState(ALONE)
}
