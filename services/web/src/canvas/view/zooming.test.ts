import { expect, test } from 'vitest'
import { leastZoom } from './zooming'

const column = (count: number) =>
  Array.from({ length: count }, (_, row) => ({ x: 0, y: row * 108, width: 208, height: 64 }))

test.each([0, 1, 20])('%i layers are never drawn smaller than they need', count => {
  expect(leastZoom(column(count))).toBe(0.03)
})

test('hundreds of layers can be seen as a whole', () => {
  expect(leastZoom(column(520)) * 520 * 108 * 1.3).toBeLessThan(400)
})
