import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { Spec } from '@/client/types'
import type { Doc } from '@/model/doc'
import { moveTo, removeLayers, renameLayer, renameModel, setNote, setParam, setWeightsOf } from '@/model/edit'
import { setFolded } from '@/model/folding'
import { groupLayers, renameGroup, ungroup } from '@/model/groups'
import { added, layer, meet, Person, pair, SPEC } from '@/testing/people'
import { rootsOf } from './document'
import { write, writePlaces } from './writing'

test('what is written is what is shown', () => {
  const [ada, bob] = pair()
  expect(ada.spec).toEqual(SPEC)
  expect(bob.shared.doc).toEqual({ spec: SPEC, positions: { fc1: { x: 1, y: 2 } } })
})

test('what did not change is the same object', () => {
  const [ada] = pair()
  const before = ada.shared.doc
  ada.edit(doc => setParam(doc, 'fc1', 'units', 3))
  expect(ada.find('fc2')).toBe(before.spec.layers[2])
  expect(ada.shared.doc.positions).toBe(before.positions)
  const now = ada.shared.doc
  expect(ada.look().shared.doc.spec).toBe(now.spec)
})

describe('two people at once', () => {
  test('different parameters and the name of one layer all survive', () => {
    const [ada, bob] = pair()
    ada.edit(doc => setParam(doc, 'fc1', 'units', 100))
    bob.edit(doc => setParam(doc, 'fc1', 'activation', 'tanh')).edit(doc => renameLayer(doc, 'fc1', 'wide'))
    meet(ada, bob)
    expect(ada.find('wide')?.params).toEqual({ units: 100, activation: 'tanh' })
    expect(ada.find('fc2')?.inputs).toEqual(['wide'])
  })

  test('an edge to a layer that is being renamed follows it', () => {
    const [ada, bob] = pair()
    ada.edit(doc => renameLayer(doc, 'fc1', 'wide'))
    bob.edit(added('side', ['fc1']))
    meet(ada, bob)
    expect(ada.find('side')?.inputs).toEqual(['wide'])
  })

  test('both may delete the same layer', () => {
    const [ada, bob] = pair()
    ada.edit(doc => removeLayers(doc, ['fc1']))
    bob.edit(doc => removeLayers(doc, ['fc1']))
    meet(ada, bob)
    expect(ada.spec.layers.map(one => one.name)).toEqual(['input', 'fc2'])
  })

  test('a layer that one deletes while another edits it is gone, and what was fed by it says so', () => {
    const [ada, bob] = pair()
    ada.edit(doc => removeLayers(doc, ['fc2']))
    bob.edit(doc => setParam(doc, 'fc2', 'units', 3)).edit(added('head', ['fc2']))
    meet(ada, bob)
    expect(ada.find('fc2')).toBeUndefined()
    expect(ada.find('head')?.inputs).toEqual([])
    ada.undo.undo()
    meet(ada, bob)
    expect(ada.find('head')?.inputs).toEqual(['fc2'])
  })

  test('two new layers of one name have two names, the same for everybody', () => {
    const [ada, bob] = pair()
    ada.edit(added('dense', ['fc2']))
    bob.edit(added('dense', ['fc1']))
    meet(ada, bob)
    expect(ada.spec.layers.map(one => one.name).toSorted()).toEqual(['dense', 'dense_1', 'fc1', 'fc2', 'input'])
    bob.edit(doc => setParam(doc, 'dense_1', 'units', 9))
    meet(ada, bob)
    expect(ada.find('dense')?.params).toEqual({ units: 1 })
    expect(ada.find('dense_1')?.params).toEqual({ units: 9 })
  })

  test('inputs that both add to one layer are both there', () => {
    const [ada, bob] = pair()
    const feed = (from: string) => (doc: Doc) => ({
      ...doc,
      spec: {
        ...doc.spec,
        layers: doc.spec.layers.map(one => (one.name === 'fc2' ? { ...one, inputs: [...one.inputs, from] } : one)),
      },
    })
    ada.edit(feed('input'))
    bob.edit(feed('fc1'))
    meet(ada, bob)
    expect(ada.find('fc2')?.inputs.toSorted()).toEqual(['fc1', 'fc1', 'input'])
  })

  test('a place and a parameter of one layer do not touch each other', () => {
    const [ada, bob] = pair()
    ada.edit(doc => moveTo(doc, { fc1: { x: 7, y: 8 } }))
    bob.edit(doc => setParam(doc, 'fc1', 'units', 4)).edit(doc => renameModel(doc, 'ours'))
    meet(ada, bob)
    expect(ada.shared.doc.positions.fc1).toEqual({ x: 7, y: 8 })
    expect([ada.find('fc1')?.params?.units, ada.spec.name]).toEqual([4, 'ours'])
  })
})

test('undo takes back what oneself did, and leaves what others did', () => {
  const [ada, bob] = pair()
  ada.edit(doc => setParam(doc, 'fc1', 'units', 100))
  meet(ada, bob)
  bob.edit(doc => setParam(doc, 'fc2', 'units', 5)).edit(added('more', ['fc2']))
  meet(ada, bob)
  ada.undo.undo()
  meet(ada, bob)
  expect([ada.find('fc1')?.params?.units, ada.find('fc2')?.params?.units]).toEqual([512, 5])
  expect(ada.find('more')).toBeDefined()
  ada.undo.redo()
  ada.look()
  expect(ada.find('fc1')?.params?.units).toBe(100)
})

test('a deleted layer comes back with its edges and its place', () => {
  const [ada] = pair()
  const before = ada.shared.doc
  ada.edit(doc => removeLayers(doc, ['fc1']))
  ada.undo.undo()
  expect(ada.look().shared.doc).toEqual(before)
})

test('shared weights follow a new name, and go with the layer they were of', () => {
  const [ada, bob] = pair()
  ada.edit(doc => setWeightsOf(doc, 'fc2', 'fc1'))
  meet(ada, bob)
  bob.edit(doc => renameLayer(doc, 'fc1', 'wide'))
  meet(ada, bob)
  expect(ada.find('fc2')?.weights_of).toBe('wide')
  ada.edit(doc => setWeightsOf(doc, 'fc2', null))
  meet(ada, bob)
  expect(bob.find('fc2')?.weights_of).toBeUndefined()
})

test('work done alone is brought in: what others changed meanwhile stays, and nothing doubles', () => {
  const [ada, bob] = pair()
  bob.edit(doc => setParam(doc, 'fc2', 'units', 5)).edit(added('more', ['fc2']))
  const alone = setParam({ spec: SPEC, positions: {} }, 'fc1', 'units', 64)
  const drafted = added('more', ['fc2'])(alone)
  bob.y.transact(() => write(bob.y, bob.shared, { spec: SPEC, positions: {} }, drafted))
  meet(ada, bob)
  expect([ada.find('fc1')?.params?.units, ada.find('fc2')?.params?.units]).toEqual([64, 5])
  expect(ada.spec.layers.map(one => one.name)).toEqual(['input', 'fc1', 'fc2', 'more'])
})

test('another network in place of this one keeps what has the same name', () => {
  const [ada, bob] = pair()
  const key = ada.shared.keys.get('fc1')
  const other: Spec = {
    ...SPEC,
    layers: [layer('fc1', 'Dense', ['data'], { units: 1 }), layer('data', 'Input')],
    outputs: ['fc1'],
  }
  ada.edit(() => ({ spec: other, positions: { data: { x: 0, y: 0 } } }))
  meet(ada, bob)
  expect(bob.spec.layers).toEqual(other.layers)
  expect(bob.shared.keys.get('fc1')).toBe(key)
})

test('notes and groups are shared, follow new names, and come back with an undo', () => {
  const [ada, bob] = pair()
  ada.edit(doc => setNote(doc, 'fc1', 'wide enough?')).edit(doc => groupLayers(doc, ['fc1', 'fc2']).doc)
  meet(ada, bob)
  expect([bob.find('fc1')?.note, bob.spec.groups]).toEqual([
    'wide enough?',
    [{ name: 'group', layers: ['fc1', 'fc2'], folded: false }],
  ])
  ada.edit(doc => setFolded(doc, 'group', true))
  bob.edit(doc => renameLayer(doc, 'fc1', 'wide')).edit(doc => setNote(doc, 'wide', ''))
  meet(ada, bob)
  expect(ada.spec.groups).toEqual([{ name: 'group', layers: ['wide', 'fc2'], folded: true }])
  expect(ada.find('wide')).not.toHaveProperty('note')
  ada.edit(doc => removeLayers(doc, ['wide', 'fc2']))
  expect(ada.spec).not.toHaveProperty('groups')
  ada.undo.undo()
  meet(ada, bob)
  expect(bob.spec.groups?.[0]?.layers).toEqual(['wide', 'fc2'])
  ada.edit(doc => ungroup(doc, 'group'))
  meet(ada, bob)
  expect(bob.spec).not.toHaveProperty('groups')
})

test('two who make groups of the same layers at once: nothing overlaps', () => {
  const [ada, bob] = pair()
  ada.edit(doc => renameGroup(groupLayers(doc, ['input', 'fc1']).doc, 'group', 'head'))
  bob.edit(doc => renameGroup(groupLayers(doc, ['fc1', 'fc2']).doc, 'group', 'tail'))
  meet(ada, bob)
  expect(ada.spec.groups).toEqual([
    { name: 'head', layers: ['input', 'fc1'], folded: false },
    { name: 'tail', layers: ['fc2'], folded: false },
  ])
})

test('places are given to layers without one only', () => {
  const [ada] = pair()
  ada.y.transact(() =>
    writePlaces(ada.y, ada.shared, { fc1: { x: 9, y: 9 }, fc2: { x: 3, y: 3 }, gone: { x: 1, y: 1 } }),
  )
  expect(ada.look().shared.doc.positions).toEqual({ fc1: { x: 1, y: 2 }, fc2: { x: 3, y: 3 } })
})

test('whatever others put into the document, it can be shown', () => {
  const [ada] = pair()
  const { layers, places, outputs, groups, about } = rootsOf(ada.y)
  layers.set('text', 'no layer')
  layers.set('bare', new Y.Map([['name', 'bare']]))
  layers.set(
    'odd',
    new Y.Map<unknown>([
      ['name', 'odd'],
      ['type', 7],
      ['params', 3],
      ['inputs', 'x'],
      ['order', 'last'],
    ]),
  )
  layers.set('nameless', new Y.Map([['type', 'Dense']]))
  places.set('bare', { x: 'left', y: null })
  outputs.push([7, null, 'nobody'])
  groups.set('odd', { layers: [1, 'nobody'] })
  groups.set('none', 'no group')
  about.set('name', 3)
  const { spec, positions } = ada.look().shared.doc
  expect(spec).not.toHaveProperty('groups')
  expect(spec.name).toBe('untitled')
  expect(spec.layers.map(one => one.name).toSorted()).toEqual(['bare', 'fc1', 'fc2', 'input', 'odd'])
  expect(ada.find('odd')).toEqual({ name: 'odd', type: 'Unknown', params: {}, inputs: [] })
  expect(positions.bare).toBeUndefined()
  expect(spec.outputs).toEqual(['fc2'])
  ada.edit(doc => setParam(doc, 'odd', 'units', 3))
  expect(ada.find('odd')?.params).toEqual({ units: 3 })
})

test('people who edit at random and meet now and then always end alike', () => {
  let seed = 11
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31
    return seed % below
  }
  const [ada, bob] = pair()
  const eve = new Person(ada)
  const people = [ada, bob, eve]
  const act = (who: Person, step: number) => {
    const names = who.spec.layers.map(one => one.name)
    const name = names[random(names.length)] ?? ''
    const acts = [
      () => who.edit(added(`n${random(9)}${step}`, name ? [name] : [])),
      () => (names.length > 3 ? who.edit(doc => removeLayers(doc, [name])) : who),
      () => who.edit(doc => setParam(doc, name, 'units', random(99))),
      () => who.edit(doc => (name ? renameLayer(doc, name, `r${step}`) : doc)),
      () => who.undo.undo(),
      () => who.edit(doc => moveTo(doc, { [name]: { x: random(9), y: random(9) } })),
    ]
    acts[random(acts.length)]?.()
    who.look()
  }
  for (let step = 0; step < 100; step += 1) {
    act(people[random(3)] ?? ada, step)
    if (random(10) === 0) meet(...people)
  }
  meet(...people)
})
