import { expect, test } from 'vitest'
import type { Diff, Layer } from '@/client/types'
import { docOf, layer } from '@/testing/catalogue'
import { unionOf } from './union'

const spec = (...layers: Layer[]) => docOf(layers).spec
const one = (name: string, before_name: string | null = null) => ({
  name,
  type: 'Dense',
  before_name,
  changes: {},
  params_delta: 0,
  macs_delta: 0,
})
const diffOf = (given: Partial<Diff>): Diff => ({
  same: false,
  added: [],
  removed: [],
  changed: [],
  outputs: null,
  params: { before: 0, after: 0 },
  macs: { before: 0, after: 0 },
  ...given,
})
const told = ({ edges }: ReturnType<typeof unionOf>) => edges.map(e => `${e.source} ${e.target} ${e.fate}`).sort()

test('what was removed stands where it stood, what was added where it stands', () => {
  const before = spec(layer('a', 'Input'), layer('old', 'Dense', ['a']), layer('z', 'Dense', ['old']))
  const after = spec(layer('a', 'Input'), layer('new', 'Dense', ['a']), layer('z', 'Dense', ['new']))
  const changed = [one('z')]
  const union = unionOf(before, after, diffOf({ added: [one('new')], removed: [one('old')], changed }))
  expect(union.layers.map(each => each.name)).toEqual(['a', 'old', 'new', 'z'])
  expect(Object.fromEntries(union.fates)).toEqual({ a: 'same', old: 'removed', new: 'added', z: 'changed' })
  expect(told(union)).toEqual(['a new added', 'a old removed', 'new z added', 'old z removed'])
  expect(union.spec.layers.find(each => each.name === 'z')?.inputs).toEqual(['new', 'old'])
})

test('a renamed layer is one layer, and its edges are the same', () => {
  const before = spec(layer('a', 'Input'), layer('b', 'Dense', ['a']), layer('c', 'Dense', ['b']))
  const after = spec(layer('a', 'Input'), layer('wide', 'Dense', ['a']), layer('c', 'Dense', ['wide']))
  const union = unionOf(before, after, diffOf({ changed: [one('wide', 'b')] }))
  expect(union.layers).toHaveLength(3)
  expect(told(union)).toEqual(['a wide same', 'wide c same'])
})

test('an edge is one of outputs too, and its place among the inputs is none', () => {
  const inputs = [layer('a', 'Split'), layer('b', 'Dense', ['a'])]
  const before = spec(...inputs, layer('c', 'Add', ['a:1', 'b', 'a']))
  const after = spec(...inputs, layer('c', 'Add', ['b', 'a:2', 'a']))
  const union = unionOf(before, after, diffOf({ changed: [one('c')] }))
  expect(told(union)).toEqual(['a b same', 'a c added', 'a c removed', 'a c same', 'b c same'])
})

test('two layers that changed places are laid out without a circle', () => {
  const before = spec(layer('a', 'Input'), layer('b', 'Dense', ['a']), layer('c', 'Dense', ['b']))
  const after = spec(layer('a', 'Input'), layer('c', 'Dense', ['a']), layer('b', 'Dense', ['c']))
  const union = unionOf(before, after, diffOf({ changed: [one('b'), one('c')] }))
  expect(told(union)).toEqual(['a b removed', 'a c added', 'b c removed', 'c b added'])
  expect(union.spec.layers.find(each => each.name === 'c')?.inputs).toEqual(['a'])
})
