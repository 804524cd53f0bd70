import { describe, expect, test } from 'vitest'
import { quickLayout } from '@/canvas/layout/quick'
import { CATALOGUE, chain, docOf, layer } from '@/testing/catalogue'
import { fragmentOf, pasteFragment, readFragment, writeFragment } from './fragment'
import { healthyPart, leavesOf, validSources, validTargets } from './graph'
import { begin, record, redo, undo } from './history'
import { baseName, freeName, nameProblem } from './names'
import { formatRef, parseRef } from './refs'
import { bytesText, countText, parseValue, shapeText, textOf } from './values'

describe('values as text', () => {
  test.each<[string, unknown]>([
    ['784', 784],
    ['0.2', 0.2],
    ['1e-3', 0.001],
    ['-1', -1],
    ['3, 3', [3, 3]],
    ['28 × 28 × 1', [28, 28, 1]],
    ['3x3', [3, 3]],
    ['?, 64', [null, 64]],
    ['784,', [784]],
    [
      '[[1, 2], [3, 4]]',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['null', null],
    ['true', true],
    ['abc,cd->abd', 'abc,cd->abd'],
    ['same', 'same'],
    ['', undefined],
    ['[1, 2', '[1, 2'],
  ])('%s is read', (text, value) => {
    expect(parseValue(text)).toEqual(value)
  })

  test.each<[unknown]>([
    [784],
    [[3, 3]],
    [[null, 64]],
    ['same'],
    [
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [{ type: 'LSTM', params: { units: 8 } }],
  ])('%j is written so that it is read again', value => {
    expect(parseValue(textOf(value))).toEqual(value)
  })

  test.each<[number, string]>([
    [0, '0'],
    [999, '999'],
    [1000, '1 k'],
    [407050, '407.1 k'],
    [138357544, '138.4 M'],
  ])('%d parameters', (count, text) => {
    expect(countText(count)).toBe(text)
  })

  test('shapes and bytes', () => {
    expect(shapeText([28, null, 1])).toBe('28 × ? × 1')
    expect(shapeText([])).toBe('scalar')
    expect(bytesText(512)).toBe('512 B')
    expect(bytesText(3 * 1024 ** 2)).toBe('3 MiB')
  })
})

describe('names', () => {
  test.each([
    ['Dense', 'dense'],
    ['Conv2D', 'conv2d'],
    ['Conv2DTranspose', 'conv2d_transpose'],
    ['MaxPooling2D', 'max_pooling2d'],
    ['MultiHeadAttention', 'multi_head_attention'],
    ['LSTM', 'lstm'],
    ['GRU', 'gru'],
  ])('%s is called %s', (type, name) => {
    expect(baseName(type)).toBe(name)
  })

  test('a taken name gets the next number', () => {
    expect(freeName('dense', new Set())).toBe('dense')
    expect(freeName('dense', new Set(['dense', 'dense_1']))).toBe('dense_2')
    expect(freeName('dense_1', new Set(['dense_1']))).toBe('dense_2')
  })

  test('what a name must not be', () => {
    const { spec } = chain()
    expect(nameProblem(' ', 'a', spec)).toBe('nameEmpty')
    expect(nameProblem('b', 'a', spec)).toBe('nameTaken')
    expect(nameProblem('x:1', 'a', spec)).toBe('nameColon')
    expect(nameProblem('a', 'a', spec)).toBeNull()
  })
})

test('references to outputs', () => {
  expect(parseRef('slice:1')).toEqual({ layer: 'slice', output: 1 })
  expect(parseRef('a:b')).toEqual({ layer: 'a:b', output: 0 })
  expect(formatRef('slice', 1)).toBe('slice:1')
  expect(formatRef('slice')).toBe('slice')
})

describe('graphs', () => {
  test('valid ends of an edge', () => {
    const { spec } = chain()
    expect(validTargets(spec, 'a', 0, CATALOGUE)).toEqual(new Set(['c']))
    expect(validTargets(spec, 'c', 0, CATALOGUE)).toEqual(new Set())
    expect(validSources(spec, 'b')).toEqual(['a'])
    expect(leavesOf(spec)).toEqual(['c'])
  })

  test('what remains without a broken layer', () => {
    const { spec } = docOf([
      layer('a', 'Input'),
      layer('b', 'Dense', ['a']),
      layer('c', 'Dense', ['b']),
      layer('d', 'Dense', ['a']),
    ])
    const part = healthyPart(spec, ['b'])
    expect(part?.layers.map(one => one.name)).toEqual(['a', 'd'])
    expect(part?.outputs).toEqual(['d'])
    expect(healthyPart(spec, [])).toBeNull()
    expect(healthyPart(spec, ['a'])).toBeNull()
  })

  test('a cycle ends no search and no layout', () => {
    const { spec } = docOf([layer('a', 'Dense', ['b']), layer('b', 'Dense', ['a'])])
    expect(validTargets(spec, 'a', 0, CATALOGUE)).toEqual(new Set())
    expect(Object.keys(quickLayout(spec))).toEqual(['a', 'b'])
  })

  test('rows by depth: no layer lies above what feeds it', () => {
    const { spec } = docOf([
      layer('d', 'Add', ['a', 'c']),
      layer('a', 'Input'),
      layer('b', 'Dense', ['a']),
      layer('c', 'Dense', ['b']),
    ])
    const at = quickLayout(spec)
    expect([at.a?.y, at.b?.y, at.c?.y, at.d?.y]).toEqual([0, 108, 216, 324])
  })
})

describe('the clipboard', () => {
  test('pasted layers have new names and keep the edges among them', () => {
    const doc = chain()
    const fragment = readFragment(writeFragment(fragmentOf(doc, ['b', 'c'])))
    if (!fragment) throw new Error('no fragment')
    const pasted = pasteFragment(doc, fragment, { x: 10, y: 10 }, false)
    expect(pasted.names).toEqual(['b_1', 'c_1'])
    expect(pasted.doc.spec.layers.slice(3).map(one => one.inputs)).toEqual([[], ['b_1']])
    expect(pasted.doc.positions.b_1).toEqual({ x: 10, y: 118 })
    expect(pasted.doc.spec.outputs).toEqual(['c', 'c_1'])
  })

  test('a duplicate keeps its sources', () => {
    const doc = chain()
    const made = pasteFragment(doc, fragmentOf(doc, ['b']), { x: 0, y: 0 }, true)
    expect(made.doc.spec.layers.at(-1)?.inputs).toEqual(['a'])
  })

  test.each([
    '',
    'hello',
    '{"visualnn-fragment": 1}',
    '{"visualnn-fragment": 1, "layers": [1]}',
    '{"visualnn-fragment"',
  ])('%s is no fragment', text => {
    expect(readFragment(text)).toBeNull()
  })
})

describe('undo and redo', () => {
  test('go back and forth, and a new edit ends what was ahead', () => {
    let history = record(record(begin(1), 2), 3)
    history = undo(history)
    expect(history.present).toBe(2)
    expect(redo(history).present).toBe(3)
    history = record(history, 4)
    expect(redo(history)).toBe(history)
    expect(undo(undo(undo(history))).present).toBe(1)
  })

  test('edits with one key in a row are one step', () => {
    let history = begin('')
    for (const text of ['a', 'ab', 'abc']) history = record(history, text, 'name')
    expect(undo(history).present).toBe('')
    expect(undo(record(history, 'x', 'other')).present).toBe('abc')
  })

  test('an edit that changes nothing is no step', () => {
    const history = begin('a')
    expect(record(history, 'a')).toBe(history)
  })

  test('the past is bounded', () => {
    let history = begin(0)
    for (let step = 1; step <= 500; step += 1) history = record(history, step)
    expect(history.past).toHaveLength(200)
  })
})
