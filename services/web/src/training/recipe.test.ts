import { expect, test } from 'vitest'
import type { Problem, RecipeField } from '@/client/types'
import { pictureShape, pixels } from '@/datasets/picture'
import { teller } from '@/i18n/told'
import { durationText, metricText } from '@/jobs/texts'
import { defaultText, errorAt, fieldValue, namedOf, sorted, withField } from './recipe'

const field = (kind: RecipeField['kind'], more: Partial<RecipeField> = {}): RecipeField => ({
  name: 'x',
  kind,
  doc: '',
  required: false,
  nullable: false,
  chosen: false,
  searchable: true,
  ...more,
})

test.each([
  [field('int'), ' 20 ', 20],
  [field('float'), '1e-3', 0.001],
  [field('int'), 'many', 'many'],
  [field('int'), '', undefined],
  [field('text'), 'val_loss', 'val_loss'],
  [field('text'), '12', '12'],
  [field('list', { of: 'text' }), 'conv*, fc1', ['conv*', 'fc1']],
  [field('list', { of: 'text' }), '12', ['12']],
  [field('list', { of: 'float', choices: ['balanced'] }), 'balanced', 'balanced'],
  [field('list', { of: 'float', choices: ['balanced'] }), '1, 2.5', [1, 2.5]],
])('%# a typed text becomes the value that is meant', (described, text, value) => {
  expect(fieldValue(described, text)).toEqual(value)
})

test('a field that is emptied is left to the server', () => {
  expect(withField({ epochs: 3, seed: 1 }, 'epochs', undefined)).toEqual({ seed: 1 })
  expect(withField({}, 'epochs', 5)).toEqual({ epochs: 5 })
})

test.each([
  [10, '10'],
  [false, 'false'],
  [null, null],
  [[], null],
])('the default %j is told as %j', (value, text) => {
  expect(defaultText(field('int', { default: value }))).toBe(text)
})

const same = (text: string) => text

const problem = (where: string | null, rule: string): Problem => ({ rule, where: where ? { field: where } : {} })

test('problems go to their fields, and the rest to the job', () => {
  const { fields, others } = sorted(
    [
      problem('params.optimizer.momentum', 'too large'),
      problem('params.class_weight.0', 'negative'),
      problem('dataset', 'unknown'),
      problem(null, 'broken'),
    ],
    same,
  )
  expect(errorAt(fields, 'optimizer.momentum')).toBe('too large')
  expect(errorAt(fields, 'optimizer', ['momentum'])).toBeUndefined()
  expect(errorAt(fields, 'optimizer', ['beta_1'])).toBe('too large')
  expect(errorAt(fields, 'class_weight')).toBe('negative')
  expect(errorAt(fields, 'class')).toBeUndefined()
  expect(others.map(one => one.rule)).toEqual(['unknown', 'broken'])
})

test('an optimizer may be a word or an object', () => {
  expect([namedOf('sgd'), namedOf({ name: 'sgd', momentum: 0.9 }), namedOf(undefined)]).toEqual([
    { name: 'sgd' },
    { name: 'sgd', momentum: 0.9 },
    { name: '' },
  ])
})

test.each([
  [[28, 28], 1],
  [[32, 32, 3], 3],
  [[28, 28, 1], 1],
  [[784], null],
  [[2, 2], null],
  [[28, 28, 7], null],
  [[], null],
])('a sample of shape %j is drawn with %j channels', (shape, channels) => {
  expect(pictureShape(shape)?.channels ?? null).toBe(channels)
})

test('pixels go from black to white, whatever the range', () => {
  expect(
    [
      ...pixels(
        [
          [0, 0.5],
          [1, 0],
        ],
        1,
        0,
        1,
      ),
    ].filter((_, at) => at % 4 !== 3),
  ).toEqual([0, 0, 0, 128, 128, 128, 255, 255, 255, 0, 0, 0])
  expect([...pixels([[[255, 0, 10]]], 3, 0, 255)]).toEqual([255, 0, 10, 255])
  expect([...pixels([[3]], 1, 3, 3)]).toEqual([0, 0, 0, 255])
})

test.each([
  [5, '0:05'],
  [75, '1:15'],
  [3999.6, '1:06:40'],
  [-1, '0:00'],
])('%j seconds are %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text)
})

test.each([
  [0.123456789, '0.12346'],
  [0.00001, '1.000e-5'],
  [0, '0'],
  [null, '–'],
])('the metric %j is shown as %s', (value, text) => {
  expect(metricText(value)).toBe(text)
})

test('a problem at a field is told in the language of the page, with its hint and without the name beside it', () => {
  const told = teller({ '{} must be an integer': '{} 必须是整数', 'leave it out': '请留空' })
  const { fields } = sorted(
    [{ rule: 'params.epochs must be an integer', hint: 'leave it out', where: { field: 'params.epochs' } }],
    told,
  )
  expect(fields.get('epochs')).toBe('必须是整数 (请留空)')
})
