import { expect, test } from 'vitest'
import { isEmpty, valueText } from './texts'

test.each([
  [null, '–'],
  [0.2, '0.2'],
  [['accuracy', 'mae'], 'accuracy, mae'],
  [{ a: 1 }, 'a 1'],
  [{ a: { b: 1 } }, '{"a":{"b":1}}'],
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
