import { expect, test } from 'vitest'
import { isEmpty, valueText } from './texts'

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
