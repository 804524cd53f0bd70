import { beforeEach, expect, test, vi } from 'vitest'
import { CallError } from '@/api/failure'
import { appendLayer } from '@/model/edit'
import { chain, DENSE } from '@/testing/catalogue'
import { edit, openDoc } from './editor'
import { useRecipe } from './recipe'
import { train, trainEnsemble, useTraining } from './training'

const server = vi.hoisted(() => ({ train: vi.fn(), gather: vi.fn(), save: vi.fn() }))
vi.mock('@/api/jobs', () => ({
  queueJob: (kind: string, ...rest: unknown[]) => (kind === 'ensemble' ? server.gather : server.train)(...rest),
}))
vi.mock('@/api/models', () => ({ saveModel: server.save, createModel: server.save, readModel: server.save }))

beforeEach(() => {
  vi.resetAllMocks()
  const doc = chain()
  openDoc(doc, { origin: { id: 'model-1', version: 1, etag: 'e1' }, saved: doc.spec })
  useRecipe.setState({ dataset: 'dataset-1', params: { epochs: 3 } })
  useTraining.setState({ pending: false, error: null })
})

test('what is saved is trained as it is', async () => {
  server.train.mockResolvedValue({ id: 'job-1' })
  await train()
  expect(server.save).not.toHaveBeenCalled()
  const recipe = { dataset: 'dataset-1', params: { epochs: 3 } }
  expect(server.train.mock.calls[0]?.[0]).toEqual({ ...recipe, model: 'model-1@1', priority: 0 })
  expect(location.pathname).toBe('/app/jobs/job-1')
})

test('an ensemble is trained by the same recipe', async () => {
  server.gather.mockResolvedValue({ id: 'job-3' })
  await trainEnsemble({ method: 'snapshots', members: 3 })
  const params = { method: 'snapshots', members: 3, recipe: { epochs: 3 } }
  expect(server.gather.mock.calls[0]?.[0]).toEqual({ model: 'model-1@1', dataset: 'dataset-1', params })
  expect(location.pathname).toBe('/app/jobs/job-3')
  server.gather.mockRejectedValue(new TypeError('unreachable'))
  await trainEnsemble({ method: 'snapshots', members: 3 })
  expect(useTraining.getState().error).toBeInstanceOf(TypeError)
})

test('changes are saved first, and that version is trained', async () => {
  edit(doc => appendLayer(doc, DENSE, []).doc)
  server.save.mockResolvedValue({ id: 'model-1', version: 2, etag: 'e2' })
  server.train.mockResolvedValue({ id: 'job-2' })
  await train()
  expect(server.train.mock.calls[0]?.[0]).toMatchObject({ model: 'model-1@2' })
})

test('nothing is trained where saving failed', async () => {
  edit(doc => appendLayer(doc, DENSE, []).doc)
  server.save.mockRejectedValue(new TypeError('unreachable'))
  await train()
  expect(server.train).not.toHaveBeenCalled()
  expect(useTraining.getState()).toEqual({ pending: false, error: null }) // saving says why
})

test('after a lost answer the same request is sent again under the same key, a changed one under another', async () => {
  server.train.mockRejectedValue(new TypeError('unreachable'))
  await train()
  expect(useTraining.getState().error).toBeInstanceOf(TypeError)
  await train()
  useRecipe.setState({ params: { epochs: 4 } })
  await train()
  const keys = server.train.mock.calls.map(call => call[1])
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/)
  expect(keys[1]).toBe(keys[0])
  expect(keys[2]).not.toBe(keys[0])
})

const FIELDS = ['params.epochs', 'params.optimizer.momentum', 'dataset', '']
const refused = () =>
  new CallError({
    kind: 'refused',
    status: 422,
    title: '',
    detail: '',
    problems: FIELDS.map(field => ({ rule: 'must be another', where: { field } })),
  })

test.each([
  ['another data set', () => useRecipe.setState({ dataset: 'dataset-2' }), []],
  ['another network', () => edit(doc => appendLayer(doc, DENSE, []).doc), []],
  ['another value', () => useRecipe.setState({ params: { epochs: 4 } }), ['params.optimizer.momentum', 'dataset']],
  ['the place in the queue', () => useRecipe.setState({ priority: 2 }), FIELDS],
])('a refusal is forgotten as far as it may be mended: %s', async (_, change, left) => {
  server.train.mockRejectedValue(refused())
  await train()
  change()
  const { error } = useTraining.getState()
  expect(error instanceof CallError ? error.failure.problems.map(one => one.where?.field) : []).toEqual(left)
})
