import { beforeEach, expect, test } from 'vitest'
import type { CommentView } from '@/client/types'
import { currentDoc, edit, openDoc, present, redoEdit, setPartner, undoEdit, useEditor } from '@/store/editor'
import { dropLink, takeLink, tokenFor, tokenForPath } from './link'
import { personOf } from './presence'
import { threadsOf } from './useThreads'

test.each<[string, unknown, object]>([
  [
    'everything',
    { user: { name: ' Ada ', colour: 3 }, cursor: { x: 1, y: 2 }, selected: ['fc1'] },
    { name: 'Ada', colour: 3, cursor: { x: 1, y: 2 }, selected: ['fc1'] },
  ],
  ['nothing', null, { name: '?', colour: 0, cursor: null, selected: [] }],
  [
    'what is of another kind',
    { user: { name: 7, colour: 'red' }, cursor: { x: '1', y: Number.NaN }, selected: 'all' },
    { name: '?', colour: 0, cursor: null, selected: [] },
  ],
  [
    'what is too much',
    { user: { name: 'x'.repeat(99), colour: -11 }, selected: [...Array.from({ length: 99 }, () => 'a'), 3] },
    { name: 'x'.repeat(40), colour: 3, cursor: null, selected: Array.from({ length: 50 }, () => 'a') },
  ],
])('of others is shown what can be shown: %s', (_, state, expected) => {
  expect(personOf(9, state)).toEqual({ client: 9, ...expected })
})

const comment = (id: string, layer: string, thread: string | null = null): CommentView => ({
  id,
  thread,
  layer,
  layer_name: 'then',
  author: 'Ada',
  text: id,
  resolved: false,
  created_at: '2030-01-01T00:00:00Z',
})

test('threads are the newest first, with their answers, at the layer as it is called now', () => {
  const comments = [comment('a', 'k1'), comment('b', 'k2'), comment('c', 'k1', 'a'), comment('d', 'k1', 'a')]
  const threads = threadsOf(comments, new Map([['fc1', 'k1']]))
  expect(threads.map(one => [one.first.id, one.layer, one.answers.map(reply => reply.id)])).toEqual([
    ['b', null, []],
    ['a', 'fc1', ['c', 'd']],
  ])
})

test('a token is taken out of the address, and goes with calls for its model only', () => {
  const token = 'x'.repeat(43)
  history.replaceState(null, '', `/app/models/model-1?select=fc1#share=${token}`)
  expect(takeLink()).toBe(true)
  expect(location.pathname + location.search + location.hash).toBe('/app/models/model-1?select=fc1')
  expect([tokenFor('model-1'), tokenFor('model-2')]).toEqual([token, null])
  expect(tokenForPath('/api/v1/models/model-1/spec')).toBe(token)
  for (const path of ['/api/v1/models', '/api/v1/models/model-2', '/api/v1/models/model-11/spec', '/api/v1/jobs']) {
    expect(tokenForPath(path), path).toBeNull()
  }
  expect(takeLink()).toBe(false)
  dropLink()
  expect(tokenFor('model-1')).toBeNull()
})

const doc = (name: string) => ({ spec: { visualnn: 1 as const, name, layers: [], outputs: [] }, positions: {} })

beforeEach(() => setPartner(null, null))

test('while others edit too, edits and undo are not the history’s', () => {
  openDoc(doc('alone'))
  edit(() => doc('edited'))
  const told: string[] = []
  const partner = {
    edit: (change: (one: ReturnType<typeof currentDoc>) => ReturnType<typeof currentDoc>, key: string | null) => {
      told.push(`${change(currentDoc()).spec.name} ${key}`)
    },
    undo: () => told.push('undo'),
    redo: () => told.push('redo'),
  }
  setPartner(partner, { undo: true, redo: false, readOnly: false })
  edit(() => doc('shared'), 'name')
  undoEdit()
  redoEdit()
  expect(told).toEqual(['shared name', 'undo', 'redo'])
  expect(currentDoc().spec.name).toBe('edited')
  present(doc('from others'))
  expect([currentDoc().spec.name, useEditor.getState().history.past]).toEqual(['from others', []])
  setPartner(null, null)
  edit(() => doc('alone again'))
  undoEdit()
  expect(currentDoc().spec.name).toBe('from others')
})
