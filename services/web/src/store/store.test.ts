import { beforeEach, expect, test } from 'vitest'
import { emptyDoc } from '@/model/doc'
import { appendLayer, moveTo } from '@/model/edit'
import { setFolded } from '@/model/folding'
import { groupLayers, ungroup } from '@/model/groups'
import { chain, DENSE } from '@/testing/catalogue'
import { keepDrafts, readDraft } from './drafts'
import { currentDoc, edit, isUnsaved, markSaved, openDoc, redoEdit, select, undoEdit, useEditor } from './editor'
import { forgetLast, keepLast, lastPath } from './last'
import { save } from './saving'

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

test('a network that was opened and not edited survives a reload; an empty one takes its place', async () => {
  const stop = keepDrafts(() => undefined)
  const { spec } = chain()
  openDoc(chain(), { saved: spec })
  openDoc({ ...chain(), spec: { ...spec, name: 'lenet' } }, { saved: spec })
  await expect.poll(() => readDraft('new')).toMatchObject({ doc: { spec: { name: 'lenet' } }, saved: spec })
  openDoc(emptyDoc('untitled'))
  await expect.poll(() => readDraft('new')).toMatchObject({ doc: { spec: { layers: [] } } })
  stop()
})

test('an empty canvas after a stored model leaves what was never saved', async () => {
  const stop = keepDrafts(() => undefined)
  openDoc(chain())
  await expect.poll(() => readDraft('new')).toMatchObject({ doc: { spec: chain().spec } })
  openDoc(chain(), { origin: { id: 'model-3', version: 1, etag: 'e' } })
  openDoc(emptyDoc('untitled'))
  stop()
  expect(await readDraft('new')).toMatchObject({ doc: { spec: chain().spec } })
})

const NEVER_OPENED = { ...useEditor.getState(), opened: 0 }

test('the editor is where the network is that was edited last, before a reload and after', () => {
  const stop = keepLast()
  const path = () => lastPath(useEditor.getState())
  expect(path()).toBe('/')
  markSaved(currentDoc().spec, { id: 'model-1', version: 1, etag: 'e' })
  expect(path()).toBe('/app/models/model-1')
  expect(lastPath(NEVER_OPENED)).toBe('/app/models/model-1')
  openDoc(chain())
  expect([path(), lastPath(NEVER_OPENED)]).toEqual(['/', '/'])
  openDoc(chain(), { origin: { id: 'model-2', version: 1, etag: 'e' } })
  stop()
  forgetLast('model-1')
  expect(lastPath(NEVER_OPENED)).toBe('/app/models/model-2')
  forgetLast('model-2')
  expect(lastPath(NEVER_OPENED)).toBe('/')
})

test('what a newer VisualNN made is folded and moved, but not changed, and comes back as it was', async () => {
  const bytes = new TextEncoder().encode('{"visualnn": 2}')
  const newer = { bytes, file: 'net.json', version: 2, types: [], keys: [], problems: [] }
  const grouped = groupLayers(chain(), ['b', 'c']).doc
  openDoc(grouped, { saved: grouped.spec, newer })
  edit(doc => moveTo(doc, { b: { x: 7, y: 7 } }))
  edit(doc => setFolded(doc, 'group', true))
  expect(currentDoc().positions.b).toEqual({ x: 7, y: 7 })
  expect(currentDoc().spec.groups?.[0]?.folded).toBe(true)
  const before = currentDoc()
  edit(doc => appendLayer(doc, DENSE, []).doc)
  edit(doc => setFolded(ungroup(doc, 'group'), 'group', false))
  expect(currentDoc()).toBe(before)
  expect(isUnsaved(useEditor.getState())).toBe(false)
  await save() // no call is made: there is no server here
  expect(useEditor.getState().origin).toBeNull()
  const stop = keepDrafts(() => undefined)
  stop()
  await expect.poll(async () => (await readDraft('new'))?.newer?.bytes).toEqual(bytes)
  openDoc(chain())
  expect(useEditor.getState().newer).toBeNull()
})
