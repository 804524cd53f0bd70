import { expect, test, vi } from 'vitest'
import { refusal, unreachable } from '@/api/failure'
import type { ModelView, Spec } from '@/client/types'
import { chain } from '@/testing/catalogue'
import { openDoc, useEditor } from './editor'
import { save, saveQuietly, useSaving } from './saving'
import { dismissAll, useToasts } from './toasts'

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

test('a save that the server did not hear is tried again from where it is told, and is told once', async () => {
  dismissAll()
  openDoc(chain())
  server.createModel.mockRejectedValueOnce(unreachable()).mockRejectedValueOnce(unreachable())
  await save()
  await save()
  const { items } = useToasts.getState()
  expect(items.filter(item => item.tone === 'error')).toHaveLength(1)
  server.createModel.mockResolvedValueOnce(stored(chain().spec, 1))
  await items[0]?.again?.()
  expect(useEditor.getState().origin?.version).toBe(1)
  expect(useToasts.getState().items.map(item => item.tone)).toEqual(['info'])
})

test('a save that was refused is not offered again', async () => {
  dismissAll()
  openDoc(chain())
  server.createModel.mockRejectedValueOnce(refusal(422, { title: 'no' }))
  await save()
  expect(useToasts.getState().items.map(item => item.again)).toEqual([undefined])
})
