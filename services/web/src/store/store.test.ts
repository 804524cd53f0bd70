import { beforeEach, expect, test } from 'vitest'
import { appendLayer } from '@/model/edit'
import { chain, DENSE } from '@/testing/catalogue'
import { keepDrafts, readDraft } from './drafts'
import { currentDoc, edit, isUnsaved, markSaved, openDoc, redoEdit, select, undoEdit, useEditor } from './editor'

beforeEach(() => openDoc(chain()))

test('an undone layer is selected no more', () => {
  edit(doc => appendLayer(doc, DENSE, []).doc)
  select(['dense'])
  undoEdit()
  expect(useEditor.getState().selection).toEqual([])
  redoEdit()
  expect(currentDoc().spec.layers).toHaveLength(4)
})

test('unsaved is what differs from the saved version, not what was touched', () => {
  markSaved(currentDoc().spec, { id: 'model-1', version: 1, etag: 'e' })
  expect(isUnsaved(useEditor.getState())).toBe(false)
  edit(doc => appendLayer(doc, DENSE, []).doc)
  expect(isUnsaved(useEditor.getState())).toBe(true)
  undoEdit()
  expect(isUnsaved(useEditor.getState())).toBe(false)
})

test('a draft is written as the canvas changes and is read back whole', async () => {
  const failures: unknown[] = []
  const stop = keepDrafts(error => failures.push(error))
  edit(doc => appendLayer(doc, DENSE, []).doc)
  stop() // flushes
  await expect.poll(() => readDraft('new')).toMatchObject({ doc: currentDoc(), origin: null })
  expect(failures).toEqual([])
})

test('each model has a draft of its own', async () => {
  openDoc(chain(), { origin: { id: 'model-2', version: 3, etag: 'e' } })
  const stop = keepDrafts(() => undefined)
  edit(doc => appendLayer(doc, DENSE, []).doc)
  stop()
  await expect.poll(() => readDraft('model-2')).toMatchObject({ origin: { version: 3 } })
})
