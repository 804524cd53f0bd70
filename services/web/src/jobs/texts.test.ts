import i18next from 'i18next'
import { expect, test } from 'vitest'
import { firstOutput, isEmpty, metricName, stepText, valueText } from './texts'

test.each([
  [null, '–'],
  [0.2, '0.2'],
  [['accuracy', 'mae'], 'accuracy, mae'],
  [{ a: 1 }, 'a 1'],
  [1 / 3, '0.33333'],
  [123_456, '123456'],
  [{ name: 'sgd', momentum: 0.9, nesterov: true, clipnorm: null }, 'sgd, momentum 0.9, nesterov true'],
  [{ val: { loss: -0.5, accuracy: 1 / 16 }, test: { loss: 2 } }, 'val: loss -0.5, accuracy 0.0625; test: loss 2'],
  [{ 'params.learning_rate': 0.01, shape: [3, 3] }, 'params.learning_rate 0.01, shape 3, 3'],
  [[{ a: 1 }], '[{"a":1}]'],
  [[{ step: 'cast', dtype: 'int32' }], 'cast "int32"'],
  [[{ step: 'flip' }, { step: 'shift', by: 2, axis: null }], 'flip → shift 2'],
  [
    {
      x: [
        { step: 'reshape', shape: [64] },
        { step: 'scale', factor: 1 / 255, offset: 0 },
      ],
    },
    'x: reshape [64] → scale 0.003922, 0',
  ],
])('the value %j is told as %s', (value, text) => {
  expect(valueText(value)).toBe(text)
})

test.each([
  [{}, true],
  [[], true],
  [null, true],
  [undefined, true],
  [0, false],
  [false, false],
  ['', false],
  [{ a: 1 }, false],
])('whether %j says nothing: %s', (value, empty) => {
  expect(isEmpty(value)).toBe(empty)
})

test.each([
  ['loss', null, 'Loss'],
  ['parity_accuracy', 'digit', 'parity · Accuracy'],
  ['aux/one_top_5_accuracy', null, 'aux/one · Top-5 accuracy'],
  ['batch_rate', null, 'batch_rate'],
  ['test_accuracy', null, 'Accuracy (test)'],
  ['val_top_5_accuracy', 'digit', 'digit · Top-5 accuracy (validation)'],
  ['val_loss', 'digit', 'Loss (validation)'],
  ['train_ink_loss', 'digit', 'ink · Loss (training)'],
] as const)('the metric %s, the first output being %s, is called %s', async (metric, first, name) => {
  const words = { loss: 'Loss', accuracy: 'Accuracy', top_5_accuracy: 'Top-5 accuracy' }
  const onSplit = { train: '{{metric}} (training)', val: '{{metric}} (validation)', test: '{{metric}} (test)' }
  const texts = i18next.createInstance()
  const resources = { en: { jobs: { metric: words, onSplit } } }
  await texts.init({ lng: 'en', ns: ['jobs'], resources, interpolation: { escapeValue: false } })
  expect(metricName(texts.t, metric, first)).toBe(name)
})

test.each([
  [['val_loss', 'val_accuracy'], null],
  [['accuracy', 'digit_loss', 'ink_loss', 'ink_mae', 'parity_accuracy', 'parity_loss'], 'digit'],
  [['accuracy', 'digit_loss', 'ink_loss', 'parity_accuracy', 'parity_loss'], null],
  [['loss', 'digit_loss', 'ink_loss', 'ink_mae'], null],
])('of %j what names no output belongs to %s', (metrics, first) => {
  expect(firstOutput(metrics)).toBe(first)
})

const packed = (...values: number[]) => ({
  shape: [values.length],
  data: btoa(String.fromCharCode(...new Uint8Array(new Float32Array(values).buffer))),
})

test('what a fitted step found is told as numbers, of which the first suffice', () => {
  expect(stepText({ step: 'fill', values: packed(0.5, -1 / 3, 74) })).toBe('fill [0.5, -0.3333, 74]')
  const many = packed(...Array.from({ length: 20 }, (_, at) => at))
  expect(stepText({ step: 'fill', values: many })).toBe('fill [0, 1, 2, 3, 4, 5, 6, 7, … (20)]')
})
