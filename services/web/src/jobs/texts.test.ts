import i18next from 'i18next'
import { expect, test } from 'vitest'
import { isEmpty, metricName, stepText, valueText } from './texts'

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
  ['loss', 'metric', 'Loss'],
  ['parity_accuracy', 'metric', 'parity · Accuracy'],
  ['aux/one_top_5_accuracy', 'metric', 'aux/one · Top-5 accuracy'],
  ['batch_rate', 'metric', 'batch_rate'],
  ['test_accuracy', 'verdict', 'test_accuracy'],
  ['val_top_5_accuracy', 'verdict', 'val_top_5_accuracy'],
  ['test_ink_mae', 'verdict', 'ink · test_mae'],
] as const)('the metric %s of a %s is called %s', async (metric, table, name) => {
  const words = { loss: 'Loss', accuracy: 'Accuracy', top_5_accuracy: 'Top-5 accuracy' }
  const texts = i18next.createInstance()
  await texts.init({ lng: 'en', ns: ['jobs'], resources: { en: { jobs: { metric: words } } } })
  expect(metricName(texts.t, metric, table)).toBe(name)
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
