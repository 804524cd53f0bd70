import { describe, expect, it } from 'vitest'
import { choicesOf, choicesText, type Dimension, spaceOf, suggested, wrong } from './dimensions'
import { layerOf, type Place, shortName } from './places'

const place = (given: Partial<Place>): Place => ({
  name: 'params.learning_rate',
  label: 'learning_rate',
  kind: 'float',
  choices: null,
  limits: {},
  value: undefined,
  doc: '',
  ...given,
})

const range = (given: Partial<Dimension>): Dimension => ({
  name: 'params.learning_rate',
  type: 'float',
  low: '0.0001',
  high: '0.1',
  log: true,
  choices: '',
  ...given,
})

describe('a dimension begins where its field stands', () => {
  it.each([
    [
      'a learning rate left out',
      { limits: { least: 0, above: true, most: 100 } },
      ['0.0001', '0.1', true],
      'multiplied',
    ],
    ['a learning rate given', { limits: { least: 0, most: 100 }, value: 0.02 }, ['0.002', '0.2', true], 'orders'],
    ['a small share', { limits: { least: 0, most: 1, below: true }, value: 0.2 }, ['0', '0.5', false], 'half'],
    ['a large share', { limits: { least: 0, most: 1, below: true }, value: 0.9 }, ['0', '0.9', false], 'bounds'],
    ['units', { kind: 'int', limits: { least: 1 }, value: 64 }, ['16', '256', true], 'around'],
    ['one of something', { kind: 'int', limits: { least: 1 }, value: 1 }, ['1', '4', false], 'around'],
    ['a whole number left out', { kind: 'int', limits: { least: 0 } }, ['0', '9', false], 'bounds'],
  ] as const)('%s', (_, given, [low, high, log], key) => {
    const { dimension, why } = suggested(place(given as Partial<Place>))
    expect([dimension.low, dimension.high, dimension.log, why.key]).toEqual([low, high, log, key])
    expect(wrong(dimension, [])).toBeNull()
  })

  it('takes all of few choices, and the first two of many', () => {
    expect(suggested(place({ kind: 'choice', choices: [false, true] })).dimension.choices).toBe('false, true')
    const many = ['sgd', 'adam', 'rmsprop', 'lion', 'ftrl']
    expect(suggested(place({ kind: 'choice', choices: many })).dimension.choices).toBe('sgd, adam')
  })
})

describe('choices are read as they are written', () => {
  it.each([
    ['sgd, adam', ['sgd', 'adam']],
    [
      '[3, 3], [5, 5]',
      [
        [3, 3],
        [5, 5],
      ],
    ],
    ['16, 32', [16, 32]],
    ['null, balanced', [null, 'balanced']],
    ['false, true', [false, true]],
    ['"true", "1"', ['true', '1']],
    ['{"name": "sgd", "momentum": 0.9}, "adam"', [{ name: 'sgd', momentum: 0.9 }, 'adam']],
    [' ', []],
  ])('%s', (text, values) => {
    expect(choicesOf(text)).toEqual(values)
    expect(choicesOf(choicesText(values))).toEqual(values)
  })
})

describe('what is wrong is said before the server is asked', () => {
  it.each([
    ['number', { low: 'a' }],
    ['number', { high: '' }],
    ['order', { low: '1', high: '1' }],
    ['log', { low: '0' }],
    ['whole', { type: 'int', low: '1.5', high: '3' }],
    ['few', { type: 'choice', choices: 'sgd' }],
    ['layer', { name: 'model.layers.gone.params.units' }],
  ] as const)('%s', (key, given) => {
    expect(wrong(range(given), ['fc1'])).toBe(key)
  })
  it('says nothing of what is right', () => {
    expect(wrong(range({ name: 'model.layers.fc.1.params.units' }), ['fc.1'])).toBeNull()
  })
})

it('makes the space of a tune job', () => {
  const choice = range({ name: 'params.optimizer', type: 'choice', choices: 'sgd, adam' })
  expect(spaceOf([range({}), choice])).toEqual({
    'params.learning_rate': { type: 'float', low: 0.0001, high: 0.1, log: true },
    'params.optimizer': { type: 'choice', choices: ['sgd', 'adam'] },
  })
})

it('shortens names', () => {
  expect(['params.optimizer.momentum', 'model.layers.a.b.params.units'].map(shortName)).toEqual([
    'optimizer.momentum',
    'a.b.units',
  ])
  expect(layerOf('model.layers.a.b.params.units')).toBe('a.b')
})
