import i18next from 'i18next'
import { create } from 'zustand'
import { failureOf } from '@/api/failure'
import { createModel, readModel, saveModel } from '@/api/models'
import { isAway } from '@/api/queries'
import type { ModelView } from '@/client/types'
import { openDialog } from '@/dialogs/state'
import { goTo, modelPath } from '@/pages/location'
import { draftKey, dropDraft } from './drafts'
import { currentDoc, markSaved, useEditor } from './editor'
import { settleFailure, tell, tellFailure } from './toasts'

/** Whether a save is on its way. */
export const useSaving = create<{ pending: boolean }>(() => ({ pending: false }))

let running: Promise<void> = Promise.resolve()

/** Saves the next version, or the model for the first time. A newer version on the server is never overwritten unasked. */
export async function save(): Promise<void> {
  if (!useSaving.getState().pending) await saveQuietly(false)
}

/** As `save`; where it went well nothing is told, because something else is shown next. */
export async function saveQuietly(quiet = true): Promise<void> {
  await attempt(spec => {
    const { origin } = useEditor.getState()
    return origin === null ? createModel(spec) : saveModel(origin.id, spec, origin.etag)
  }, quiet)
}

/** Saves as a model of its own. */
export async function saveCopy(): Promise<void> {
  await attempt(createModel)
}

/** After a conflict: over the version that is there now, which stays in the history. */
export async function saveOver(): Promise<void> {
  const { origin } = useEditor.getState()
  if (origin === null) return
  await attempt(async spec => saveModel(origin.id, spec, (await readModel(origin.id)).etag))
}

type Send = (spec: ReturnType<typeof currentDoc>['spec']) => Promise<ModelView>

/** One save at a time: the next begins with what the one before has made. */
async function attempt(send: Send, quiet = false): Promise<void> {
  const last = running.then(() => attemptNow(send, quiet))
  running = last
  useSaving.setState({ pending: true })
  await last
  if (running === last) useSaving.setState({ pending: false })
}

/** What is on the canvas by then, sent as before. */
const again = async (send: Send) => {
  if (!useSaving.getState().pending) await attempt(send)
}

async function attemptNow(send: Send, quiet: boolean): Promise<void> {
  const { spec } = currentDoc()
  if (useEditor.getState().newer) {
    tell(i18next.t('newer:notSaved'))
    return
  }
  const before = draftKey(useEditor.getState().origin)
  try {
    const model = await send(spec)
    markSaved(spec, { id: model.id, version: model.version, etag: model.etag })
    if (before !== model.id) await dropDraft(before)
    goTo(modelPath(model.id))
    settleFailure(i18next.t('files:saveFailed'))
    if (!quiet) tell(i18next.t('files:saved', { version: model.version }))
  } catch (error) {
    if (failureOf(error).status === 412) openDialog('conflict')
    else tellFailure(i18next.t('files:saveFailed'), error, isAway(error) ? () => again(send) : undefined)
  }
}
