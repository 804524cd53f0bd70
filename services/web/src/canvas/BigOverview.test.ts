import { expect, test } from 'vitest'
import { mapOf } from './BigOverview'
import type { CanvasNode } from './nodes'

const at = (x: number, y: number) => ({ position: { x, y } }) as CanvasNode

test('the map holds the whole network, in its middle', () => {
  const { scale, x, y } = mapOf([at(-1000, 500), at(1000, 10_436)])
  expect(scale).toBeCloseTo(138 / 10_000)
  expect(500 * scale + y).toBeCloseTo(6)
  expect((10_436 + 64) * scale + y).toBeCloseTo(144)
  expect(((-1000 + 1000 + 208) / 2) * scale + x).toBeCloseTo(100)
})

test('a map of nothing is no fault', () => {
  expect(mapOf([]).scale).toBeGreaterThan(0)
})
