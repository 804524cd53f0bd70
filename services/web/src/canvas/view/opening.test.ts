import { expect, test } from 'vitest'
import { openingView } from './opening'

const SCREEN = { width: 700, height: 600 }
const column = (count: number) => Array.from({ length: count }, (_, row) => ({ x: 40, y: row * 108 }))

test('a network that can be read as a whole is opened as a whole', () => {
  expect(openingView(column(1), SCREEN)).toEqual({ zoom: 1, centre: null })
  expect(openingView(column(7), SCREEN).centre).toBeNull()
})

test('a tall network is opened at its upper end, where its names can be read', () => {
  const { zoom, centre } = openingView(column(500), SCREEN)
  expect(zoom).toBe(1)
  expect(centre).toEqual({ x: 40 + 104, y: 276 }) // the first layer is 24 pixels below the upper edge
})

test('a network that is wide as well is opened no smaller than it can be read, over its first layer', () => {
  const wide = [...column(500), { x: 4000, y: 108 }]
  const { zoom, centre } = openingView(wide, SCREEN)
  expect(zoom).toBe(0.5)
  expect(centre?.x).toBe(144)
})
