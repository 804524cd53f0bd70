import { describe, expect, test } from 'vitest'
import { ADD, CATALOGUE, chain, DENSE, DOT, docOf, INPUT, layer } from '@/testing/catalogue'
import { emptyDoc, layerNamed } from './doc'
import {
  addLayer,
  appendLayer,
  connect,
  disconnect,
  freePlace,
  moveInput,
  removeLayers,
  renameLayer,
  setOutput,
  setParam,
  setWeightsOf,
} from './edit'

const inputsOf = (doc: ReturnType<typeof chain>, name: string) => layerNamed(doc.spec, name)?.inputs

describe('appending', () => {
  test('connects to the last layer, which then is no output any more', () => {
    let doc = emptyDoc('n')
    for (const type of [INPUT, DENSE, DENSE]) doc = appendLayer(doc, type, []).doc
    expect(doc.spec.layers.map(one => [one.name, one.inputs])).toEqual([
      ['input', []],
      ['dense', ['input']],
      ['dense_1', ['dense']],
    ])
    expect(doc.spec.outputs).toEqual(['dense_1'])
  })

  test('gives the layer what it must have, as the catalogue shows it', () => {
    expect(appendLayer(emptyDoc('n'), INPUT, []).doc.spec.layers[0]?.params).toEqual({ shape: [784] })
  })

  test('connects to all the selected layers, as far as there are inputs', () => {
    const made = appendLayer(chain(), ADD, ['a', 'b', 'c'])
    expect(inputsOf(made.doc, made.name)).toEqual(['a', 'b', 'c'])
    const two = appendLayer(chain(), DOT, ['a', 'b', 'c'])
    expect(inputsOf(two.doc, two.name)).toEqual(['a', 'b'])
  })

  test('puts the layer below its source where no other lies', () => {
    const first = appendLayer(chain(), DENSE, ['a'])
    const places = Object.values(first.doc.positions)
    expect(new Set(places.map(at => `${at.x} ${at.y}`)).size).toBe(places.length)
  })
})

test('a free place is the wanted one, or right of what is there', () => {
  expect(freePlace([], { x: 5, y: 5 })).toEqual({ x: 5, y: 5 })
  const moved = freePlace([{ x: 0, y: 0 }], { x: 10, y: 10 })
  expect(moved.x).toBeGreaterThan(200)
})

describe('connecting', () => {
  test.each([
    ['a cycle', 'c', 'b'],
    ['a layer to itself', 'b', 'b'],
    ['an input that takes none', 'b', 'a'],
    ['an edge that is there', 'a', 'b'],
  ])('%s is refused', (_what, source, target) => {
    const doc = chain()
    expect(connect(doc, source, 0, target, CATALOGUE)).toBe(doc)
  })

  test('a layer with a single input takes the new one in its place', () => {
    const doc = connect(chain(), 'a', 0, 'c', CATALOGUE)
    expect(inputsOf(doc, 'c')).toEqual(['a'])
    expect(doc.spec.outputs).toEqual(['c', 'b'])
  })

  test('a full layer takes no more', () => {
    const doc = docOf([layer('a', 'Input'), layer('b', 'Input'), layer('c', 'Input'), layer('d', 'Dot', ['a', 'b'])])
    expect(connect(doc, 'c', 0, 'd', CATALOGUE)).toBe(doc)
  })

  test('a later output of a layer has its number', () => {
    const doc = docOf([layer('a', 'Input'), layer('b', 'Dense')])
    expect(inputsOf(connect(doc, 'a', 2, 'b', CATALOGUE), 'b')).toEqual(['a:2'])
  })

  test('inputs can be taken away and put in another order', () => {
    const doc = docOf([layer('a', 'Input'), layer('b', 'Input'), layer('c', 'Add', ['a', 'b', 'a'])])
    expect(inputsOf(disconnect(doc, [{ target: 'c', input: 0 }]), 'c')).toEqual(['b', 'a'])
    expect(inputsOf(moveInput(doc, 'c', 1, 0), 'c')).toEqual(['b', 'a', 'a'])
    expect(inputsOf(moveInput(doc, 'c', 0, 9), 'c')).toEqual(['a', 'b', 'a'])
  })
})

describe('removing', () => {
  test('closes the gap in a chain', () => {
    const doc = removeLayers(chain(), ['b'])
    expect(inputsOf(doc, 'c')).toEqual(['a'])
    expect(doc.positions.b).toBeUndefined()
  })

  test('of several in a row closes the whole gap', () => {
    const doc = docOf([
      layer('a', 'Input'),
      layer('b', 'Dense', ['a']),
      layer('c', 'Dense', ['b']),
      layer('d', 'Dense', ['c']),
    ])
    expect(inputsOf(removeLayers(doc, ['b', 'c']), 'd')).toEqual(['a'])
  })

  test('the last layer makes the one before it an output, and frees who shared its weights', () => {
    const doc = docOf(
      [layer('a', 'Input'), layer('b', 'Dense', ['a']), layer('c', 'Dense', ['a'], { weights_of: 'b' })],
      ['b', 'c'],
    )
    const left = removeLayers(doc, ['b'])
    expect(layerNamed(left.spec, 'c')?.weights_of).toBeNull()
    expect(removeLayers(chain(), ['c']).spec.outputs).toEqual(['b'])
  })
})

test('a rename reaches inputs, outputs, shared weights and the place', () => {
  const doc = docOf([layer('a', 'Input'), layer('b', 'Dense', ['a:1', 'a'], { weights_of: 'a' })], ['a', 'b'])
  const named = renameLayer(doc, 'a', 'x')
  expect(named.spec.layers[1]).toMatchObject({ inputs: ['x:1', 'x'], weights_of: 'x' })
  expect(named.spec.outputs).toEqual(['x', 'b'])
  expect(named.positions.x).toEqual(doc.positions.a)
})

test('a parameter is set and, with undefined, left to its default', () => {
  const set = setParam(chain(), 'b', 'units', 5)
  expect(layerNamed(set.spec, 'b')?.params).toEqual({ units: 5 })
  expect(layerNamed(setParam(set, 'b', 'units', undefined).spec, 'b')?.params).toEqual({})
  expect(setParam(set, 'b', 'units', 5)).toBe(set)
})

test('weights are shared and given back', () => {
  const shared = setWeightsOf(chain(), 'c', 'b')
  expect(layerNamed(shared.spec, 'c')?.weights_of).toBe('b')
  expect(layerNamed(setWeightsOf(shared, 'c', null).spec, 'c')).not.toHaveProperty('weights_of')
})

describe('outputs that somebody chose stay', () => {
  test('one in the middle', () => {
    const doc = setOutput(chain(), 'b', true)
    expect(appendLayer(doc, DENSE, ['c']).doc.spec.outputs).toEqual(['b', 'dense'])
  })

  test('a last layer that is none', () => {
    const doc = setOutput(chain(), 'c', false)
    expect(addLayer(doc, INPUT, { x: 0, y: 0 }).doc.spec.outputs).toEqual(['input'])
  })
})

test('no edit changes the document that it was given', () => {
  const doc = chain()
  const before = JSON.stringify(doc)
  appendLayer(doc, DENSE, [])
  connect(doc, 'a', 0, 'c', CATALOGUE)
  removeLayers(doc, ['b'])
  renameLayer(doc, 'a', 'z')
  setParam(doc, 'b', 'units', 1)
  expect(JSON.stringify(doc)).toBe(before)
})
