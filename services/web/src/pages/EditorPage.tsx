import { useCallback, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParams } from 'wouter'
import { FeedbackProvider } from '@/api/FeedbackContext'
import { failureOf } from '@/api/failure'
import { readModel } from '@/api/models'
import { isAway } from '@/api/queries'
import { Canvas } from '@/canvas/Canvas'
import { CanvasBar } from '@/canvas/CanvasBar'
import { NewerBanner } from '@/canvas/NewerBanner'
import { Totals } from '@/canvas/Totals'
import { Palette } from '@/palette/Palette'
import '@/palette/palette.css'
import { Panel } from '@/panel/Panel'
import { keepDrafts, readDraft } from '@/store/drafts'
import { openDoc, useEditor, useReadOnly } from '@/store/editor'
import { forgetLast, keepLast } from '@/store/last'
import { openModel, resume } from '@/store/opening'
import { tellFailure } from '@/store/toasts'
import { Notice } from '@/together/Notice'
import { useRoom } from '@/together/room'
import { FailureBox } from '@/ui/Failure'
import { putSelectionInAddress } from './location'
import './editor.css'

/** Palette, canvas, panel. The address names the model and what is selected. */
export default function EditorPage() {
  const { error, again } = useOpening(useParams<{ id?: string }>().id)
  useAddress()
  useRoom()
  const readOnly = useReadOnly()
  const { t } = useTranslation()
  return (
    <FeedbackProvider>
      <main className="editor">
        <h1 className="visually-hidden">{t('app:editor')}</h1>
        <div className="contents" inert={readOnly}>
          <Palette />
        </div>
        <div className="editor-middle">
          <CanvasBar />
          <Notice />
          {error ? <FailureBox title={t('files:openFailed')} error={error} again={again} /> : null}
          <NewerBanner />
          <Canvas />
          <Totals />
        </div>
        <Panel />
      </main>
    </FeedbackProvider>
  )
}

const AGAIN_MS = 3000

/**
 * Opens what the address names, unless it is on the canvas already; keeps drafts from then on. While the server is away
 * it is tried again, unless this browser has a draft: then that is on the canvas.
 */
function useOpening(id: string | undefined): { error: unknown; again: () => void } {
  const { t } = useTranslation()
  const [ready, setReady] = useState(false)
  const [failed, setFailed] = useState<{ id: string; error: unknown } | null>(null)
  const [attempt, setAttempt] = useState(0)
  const again = useCallback(() => setAttempt(count => count + 1), [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt does the same again
  useEffect(() => {
    let current = true
    let timer: ReturnType<typeof setTimeout> | undefined
    const { origin, opened } = useEditor.getState()
    const there = id === undefined ? origin === null && opened > 0 : origin?.id === id // a first save opens nothing
    const opening = there ? Promise.resolve() : open(id, () => current)
    const fail = (error: unknown) => {
      if (!current) return
      const missing = id !== undefined && useEditor.getState().origin?.id !== id
      if (!missing || failureOf(error).kind === 'refused') return tellFailure(t('files:openFailed'), error)
      setFailed({ id, error })
      if (isAway(error)) {
        const { history } = useEditor.getState() // what was drawn meanwhile is not put aside unasked
        timer = setTimeout(() => useEditor.getState().history === history && again(), AGAIN_MS)
      }
    }
    opening
      .then(() => current && setFailed(null))
      .catch(fail)
      .finally(() => current && setReady(true))
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [id, t, attempt, again])
  useEffect(() => {
    if (!ready) return undefined
    const stops = [keepDrafts(error => tellFailure(t('failure:draft'), error)), keepLast()]
    return () => {
      for (const stop of stops) stop()
    }
  }, [ready, t])
  return { error: failed?.id === id ? failed?.error : null, again }
}

async function open(id: string | undefined, wanted: () => boolean): Promise<void> {
  if (id === undefined) return resume(wanted)
  try {
    await openModel(await readModel(id), wanted)
  } catch (error) {
    if (failureOf(error).status === 404) forgetLast(id)
    const draft = await readDraft(id) // the server is gone or has no such model; this browser may have it
    if (draft && wanted()) {
      openDoc(draft.doc, { origin: draft.origin, saved: draft.saved, newer: draft.newer ?? null })
    }
    throw error
  }
}

function useAddress(): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const stop = useEditor.subscribe((state, before) => {
      if (state.selection === before.selection) return
      clearTimeout(timer)
      timer = setTimeout(() => putSelectionInAddress(state.selection), 150)
    })
    return () => {
      clearTimeout(timer)
      stop()
    }
  }, [])
}
