import { expect, test } from 'vitest'
import { newerIn } from './newer'

const known = new Set(['Input', 'Dense'])
const bytesOf = (document: unknown) =>
  new TextEncoder().encode(typeof document === 'string' ? document : JSON.stringify(document))
const read = (document: unknown) => newerIn(bytesOf(document), 'net.json', type => known.has(type))
const layer = (name: string, type: string, rest = {}) => ({ name, type, params: {}, inputs: [], ...rest })
const net = (layers: unknown[], rest = {}) => ({ visualnn: 1, name: 'net', layers, outputs: [], ...rest })

test.each([
  ['text that is no JSON', '{"visualnn": 9, '],
  ['another document', { keras_version: '3' }],
  ['a list', '[]'],
  ['a spec that is known as a whole', net([layer('a', 'Input')])],
  ['a version that is none', { ...net([layer('a', 'New')]), visualnn: 'two' }],
  ['no list of layers', { ...net([]), visualnn: 2, layers: null }],
  ['no layers', { ...net([]), visualnn: 2 }],
  ['layers that cannot be told apart', { ...net([layer('a', 'Input'), layer('a', 'New')]) }],
  ['a layer without a type', { ...net([{ name: 'a' }]), visualnn: 2 }],
  ['a layer that is none', { ...net([null]), visualnn: 2 }],
])('%s is nothing newer', (_, document) => {
  expect(read(document)).toBeNull()
})

test('a later version, a type and keys that are not known are found, and the bytes stay as they are', () => {
  const text = `\ufeff  {"visualnn": 3, "name": "net", "scale": 1.0, "outputs": ["q"], "groups": [{"name": "g", "layers": ["q"], "tint": 1}],
   "layers": [{"name": "a", "type": "Input", "params": {"shape": [2.0]}, "inputs": []},
              {"name": "q", "type": "Quantum", "inputs": ["a"], "qubits": [1]}]}\n`
  const found = read(text)
  expect(found?.newer).toMatchObject({
    bytes: bytesOf(text),
    file: 'net.json',
    version: 3,
    types: ['Quantum'],
    keys: ['scale', 'qubits', 'tint'],
  })
  expect(found?.newer.problems.map(one => [one.where.field, one.where.layer, one.received])).toEqual([
    ['visualnn', null, 3],
    ['scale', null, 'scale'],
    ['layers[1].qubits', 'q', 'qubits'],
    ['groups[0].tint', null, 'tint'],
  ])
  expect(found?.spec).toEqual({
    visualnn: 1,
    name: 'net',
    outputs: ['q'],
    groups: [{ name: 'g', layers: ['q'], folded: false }],
    layers: [
      { name: 'a', type: 'Input', params: { shape: [2] }, inputs: [] },
      { name: 'q', type: 'Quantum', params: {}, inputs: ['a'] },
    ],
  })
})

test('what is drawn of it has the right form, whatever stands in it', () => {
  const document = {
    ...net([{ name: 'a', type: 'New', params: 7, inputs: [1, 'b', null], note: 4, weights_of: {} }]),
    name: 5,
    outputs: 'a',
    groups: [3, { name: 'g' }, { layers: ['a'] }],
  }
  expect(read(document)?.spec).toEqual({
    visualnn: 1,
    name: 'untitled',
    outputs: [],
    layers: [{ name: 'a', type: 'New', params: {}, inputs: ['b'] }],
  })
})
