import { expect, test } from 'vitest'
import { removeLayers, setParam } from '@/model/edit'
import { added, meet, pair } from '@/testing/people'

test('both may delete the same layer', () => {
  const [ada, bob] = pair()
  ada.edit(doc => removeLayers(doc, ['fc1']))
  bob.edit(doc => removeLayers(doc, ['fc1']))
  meet(ada, bob)
  expect(ada.spec.layers.map(one => one.name)).toEqual(['input', 'fc2'])
  expect(ada.find('fc2')?.inputs).toEqual(['input'])
})

test('neighbours that both delete leave one edge over the two, and each comes back to its place', () => {
  const [ada, bob] = pair()
  const before = ada.shared.doc
  ada.edit(doc => removeLayers(doc, ['fc1']))
  bob.edit(doc => removeLayers(doc, ['fc2']))
  meet(ada, bob)
  expect(ada.spec.layers.map(one => one.name)).toEqual(['input'])
  expect(ada.spec.outputs).toEqual(['input'])
  bob.undo.undo()
  meet(ada, bob)
  expect(ada.find('fc2')?.inputs).toEqual(['input'])
  ada.undo.undo()
  meet(ada, bob)
  expect(bob.shared.doc).toEqual(before)
})

test('of a layer that both deleted each may undo it, and it comes back once', () => {
  const [ada, bob] = pair()
  const before = ada.shared.doc
  ada.edit(doc => removeLayers(doc, ['fc1']))
  bob.edit(doc => removeLayers(doc, ['fc1']))
  meet(ada, bob)
  ada.undo.undo()
  meet(ada, bob)
  expect(ada.shared.doc).toEqual(before)
  bob.undo.undo()
  meet(ada, bob)
  expect(ada.shared.doc).toEqual(before)
  ada.undo.redo()
  meet(ada, bob)
  expect(bob.find('fc1')).toBeUndefined()
})

test('what was changed in a layer while another deleted it is there when that is undone', () => {
  const [ada, bob] = pair()
  ada.edit(doc => removeLayers(doc, ['fc1']))
  bob.edit(doc => setParam(doc, 'fc1', 'units', 99)).edit(doc => setParam(doc, 'fc1', 'activation', 'tanh'))
  meet(ada, bob)
  expect(bob.find('fc1')).toBeUndefined()
  ada.undo.undo()
  meet(ada, bob)
  expect(ada.find('fc1')?.inputs).toEqual(['input'])
  expect(ada.find('fc1')?.params).toEqual({ units: 99, activation: 'tanh' })
})

test('a layer that one deletes while another edits it is gone, and what was fed by it is fed by what fed it', () => {
  const [ada, bob] = pair()
  ada.edit(doc => removeLayers(doc, ['fc2']))
  bob.edit(doc => setParam(doc, 'fc2', 'units', 3)).edit(added('head', ['fc2']))
  meet(ada, bob)
  expect(ada.find('fc2')).toBeUndefined()
  expect(ada.find('head')?.inputs).toEqual(['fc1'])
  ada.undo.undo()
  meet(ada, bob)
  expect(ada.find('head')?.inputs).toEqual(['fc2'])
})

test('a deleted layer comes back with its edges and its place', () => {
  const [ada] = pair()
  const before = ada.shared.doc
  ada.edit(doc => removeLayers(doc, ['fc1']))
  ada.undo.undo()
  expect(ada.look().shared.doc).toEqual(before)
})
