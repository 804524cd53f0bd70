import { expect, test } from 'vitest'
import { marksOf, outputOf } from './outputs'

const FILES = [
  'confusion.parity.png',
  'confusion.png',
  'confusion-dark.png',
  'confusion.parity-dark.png',
  'gallery.png',
]

test('the files of each output are found, the first one first; those for dark pages stand beside them', () => {
  expect(marksOf(FILES, 'confusion', '.png')).toEqual(['', '.parity'])
  expect(marksOf(FILES, 'classes', '.json')).toEqual([])
  expect(['', '.parity'].map(outputOf)).toEqual([null, 'parity'])
})
