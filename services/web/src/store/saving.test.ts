import { expect, test, vi } from 'vitest'
import type { ModelView, Spec } from '@/client/types'
import { chain } from '@/testing/catalogue'
import { openDoc, useEditor } from './editor'
import { save, saveQuietly, useSaving } from './saving'

const server = vi.hoisted(() => ({ createModel: vi.fn(), saveModel: vi.fn(), readModel: vi.fn() }))
vi.mock('@/api/models', () => server)

const stored = (spec: Spec, version: number) => ({ id: 'model-1', version, etag: `e${version}`, spec }) as ModelView

test('a slow save is told, not begun twice, and what follows saves over it', async () => {
  openDoc(chain())
  let answer: (model: ModelView) => void = () => undefined
  server.createModel.mockReturnValue(
    new Promise(resolve => {
      answer = resolve
    }),
  )
  server.saveModel.mockImplementation(async (_, spec) => stored(spec, 2))
  const first = save()
  expect(useSaving.getState().pending).toBe(true)
  await save()
  const training = saveQuietly()
  answer(stored(chain().spec, 1))
  await Promise.all([first, training])
  expect(server.createModel).toHaveBeenCalledTimes(1)
  expect(server.saveModel).toHaveBeenCalledWith('model-1', chain().spec, 'e1')
  expect(useEditor.getState().origin?.version).toBe(2)
  expect(useSaving.getState().pending).toBe(false)
})

test('a failed save ends the waiting', async () => {
  openDoc(chain())
  server.createModel.mockRejectedValue(new Error('no'))
  await save()
  expect(useSaving.getState().pending).toBe(false)
})
