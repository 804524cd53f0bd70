import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParams } from 'wouter'
import { FeedbackProvider } from '@/api/FeedbackContext'
import { failureOf } from '@/api/failure'
import { readModel } from '@/api/models'
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
import { useRoom } from '@/together/room'
import { putSelectionInAddress } from './location'
import './editor.css'

/** Palette, canvas, panel. The address names the model and what is selected. */
export default function EditorPage() {
  useOpening(useParams<{ id?: string }>().id)
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
          <NewerBanner />
          <Canvas />
          <Totals />
        </div>
        <Panel />
      </main>
    </FeedbackProvider>
  )
}

/** Opens what the address names, unless it is on the canvas already; keeps drafts from then on. */
function useOpening(id: string | undefined): void {
  const { t } = useTranslation()
  const [ready, setReady] = useState(false)
  useEffect(() => {
    let current = true
    const { origin, opened } = useEditor.getState()
    const there = id === undefined ? origin === null && opened > 0 : origin?.id === id // a first save opens nothing
    const opening = there ? Promise.resolve() : open(id, () => current)
    opening
      .catch(error => current && tellFailure(t('files:openFailed'), error))
      .finally(() => current && setReady(true))
    return () => {
      current = false
    }
  }, [id, t])
  useEffect(() => {
    if (!ready) return undefined
    const stops = [keepDrafts(error => tellFailure(t('failure:draft'), error)), keepLast()]
    return () => {
      for (const stop of stops) stop()
    }
  }, [ready, t])
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
