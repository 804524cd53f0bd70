import { beforeEach, expect, test, vi } from 'vitest'
import type { ModelView } from '@/client/types'
import { emptyDoc } from '@/model/doc'
import { JOBS } from '@/pages/location'
import { openDoc, useEditor } from './editor'
import { openModel, resume } from './opening'

vi.mock('./drafts', () => ({ readDraft: async () => null }))
const showOpened = vi.hoisted(() => vi.fn())
vi.mock('@/api/catalogue', () => ({ readCatalogue: async () => ({ items: [], byType: new Map() }) }))
vi.mock('@/canvas/view', () => ({ showOpened }))

const { spec } = emptyDoc('opened late')
const model = { id: 'model-1', version: 2, etag: 'e', spec } as ModelView

beforeEach(() => {
  openDoc(emptyDoc('before'))
  history.replaceState(null, '', JOBS)
})

test('a model that is opened late calls nobody back who has left', async () => {
  let here = true
  const opening = openModel(model, () => here)
  here = false
  await opening
  expect(location.pathname).toBe(JOBS)
  expect(useEditor.getState().history.present.spec.name).toBe('before')
})

test('a model that is wanted stands on the canvas and in the address', async () => {
  await openModel(model)
  expect(location.pathname).toBe('/app/models/model-1')
  expect(useEditor.getState().origin).toEqual({ id: 'model-1', version: 2, etag: 'e' })
})

test('what was left unsaved does not replace what was opened meanwhile', async () => {
  await openModel(model)
  await resume(() => false)
  expect(useEditor.getState().history.present.spec.name).toBe('opened late')
})

test('where nothing was left, the canvas stays as it is: a first layer lies where it was dropped', async () => {
  showOpened.mockClear()
  await resume()
  expect(showOpened).not.toHaveBeenCalled()
})

test('a stored model that is not known as a whole is opened to be looked at, and its draft is not taken for work', async () => {
  const layers = [{ name: 'a', type: 'Quantum', params: {}, inputs: [] }]
  await openModel({ ...model, spec: { ...spec, layers } })
  expect(useEditor.getState()).toMatchObject({
    origin: { id: 'model-1' },
    newer: { types: ['Quantum'], version: null },
  })
})
