import { expect, test } from 'vitest'
import { allInView, type Mark, mapOf } from './map'

const at = (x: number, y: number): Mark => ({ x, y, width: 208, height: 64, colour: 'muted' })

test('the map holds the whole network, in its middle', () => {
  const { width, height, sx, sy, x, y } = mapOf([at(-4000, 500), at(4000, 6436)])
  expect([width, height]).toEqual([200, 150])
  expect(500 * sy + y).toBeCloseTo(6)
  expect((6436 + 64) * sy + y).toBeCloseTo(144)
  expect(((-4000 + 4000 + 208) / 2) * sx + x).toBeCloseTo(100)
})

test('a network of hundreds of rows has a tall map, in which it is no hair', () => {
  const column = Array.from({ length: 340 }, (_, row) => at((row % 3) * 240, row * 108))
  const { width, height, sx, sy } = mapOf(column)
  expect(height).toBeGreaterThan(width)
  expect(208 * sx).toBeGreaterThan(12)
  expect(340 * 108 * sy).toBeGreaterThan(280)
})

test('one layer is drawn no larger than the map and keeps its form', () => {
  const { sx, sy } = mapOf([at(0, 0)])
  expect(208 * sx).toBeLessThanOrEqual(188)
  expect(64 * sy).toBeLessThanOrEqual(138)
})

test('the map is no higher than there is room', () => {
  const { height, sy } = mapOf([at(0, 0), at(0, 30_000)], 180)
  expect(height).toBe(180)
  expect(30_064 * sy).toBeLessThanOrEqual(168.001)
})

test('a map of nothing is no fault', () => {
  expect(mapOf([])).toMatchObject({ width: 200, height: 150 })
})

test('a map is of use only where something is outside the view', () => {
  const marks = [{ x: 0, y: 0, width: 100, height: 400, colour: 'a' }]
  expect(allInView(marks, [10, 10, 1], 400, 420)).toBe(true)
  expect(allInView(marks, [10, 30, 1], 400, 420)).toBe(false)
  expect(allInView(marks, [10, 30, 0.5], 400, 420)).toBe(true)
  expect(allInView(marks, [-10, 0, 1], 400, 420)).toBe(false)
})
