import i18next from 'i18next'
import type * as Y from 'yjs'
import { readVersion } from '@/api/models'
import type { Doc } from '@/model/doc'
import { currentDoc, markSaved, useEditor } from '@/store/editor'
import { tell } from '@/store/toasts'
import { baseOf, rootsOf } from './document'

/**
 * Keeps the version that the room's work began from, the same for everybody: who saves tells it, and the others see it.
 * A version that was saved elsewhere is no base: the next save meets it, and asks. `replace` takes another document that was
 * opened in place of this one. Gives the way to stop.
 */
export function follow(y: Y.Doc, model: string, replace: (doc: Doc) => void): () => void {
  const { base } = rootsOf(y)
  let asked = ''
  const adopt = async (told: boolean) => {
    const found = baseOf(y)
    if (!found || found.etag === asked || found.etag === useEditor.getState().origin?.etag) return
    asked = found.etag
    const { spec } = await readVersion(model, found.number)
    if (asked !== found.etag || useEditor.getState().origin?.id !== model) return
    markSaved(spec, { id: model, version: found.number, etag: found.etag })
    if (told) tell(i18next.t('together:savedByOther', { version: found.number }))
  }
  const onBase = (_event: unknown, transaction: Y.Transaction) => {
    if (!transaction.local) adopt(true).catch(() => undefined) // asked again with the next version
  }
  base.observe(onBase)
  const stop = useEditor.subscribe((state, before) => {
    if (state.origin?.id !== model) return
    if (state.opened !== before.opened && before.origin?.id === model) replace(currentDoc())
    if (state.origin.etag === before.origin?.etag || state.origin.etag === baseOf(y)?.etag) return
    base.set('version', { number: state.origin.version, etag: state.origin.etag })
  })
  adopt(false).catch(() => undefined)
  return () => {
    base.unobserve(onBase)
    stop()
  }
}
