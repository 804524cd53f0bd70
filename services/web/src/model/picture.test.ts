import { expect, test } from 'vitest'
import { docOf, layer } from '@/testing/catalogue'
import { align } from './align'
import { type Look, svgOf } from './picture'

const look: Look = {
  ground: '#fff',
  surface: '#eee',
  line: '#ccc',
  text: '#000',
  muted: '#666',
  accent: '#00f',
  font: 'system-ui, "Noto Sans"',
  colourOf: () => '#f00',
  shapeOf: name => (name === 'a' ? '28 × 28' : undefined),
}

test('a picture is well-formed, whatever the layers are called', () => {
  const doc = docOf([layer('a', 'Input'), layer('<b> & "c"\u0001', 'Dense', ['a'])])
  const { svg, width, height } = svgOf(doc, look)
  const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml')
  expect(parsed.querySelector('parsererror')).toBeNull()
  expect([width, height]).toEqual([208 + 64, 108 + 64 + 64])
  expect(svg).not.toContain('<b>')
  expect(svg).toContain('&lt;b&gt; &amp; &quot;c&quot;')
  expect(svg.match(/<path /g)).toHaveLength(1)
  expect(svg).toContain('28 × 28')
})

const three = { ...docOf([layer('a', 'Input'), layer('b', 'Dense'), layer('c', 'Dense')]) }
const doc = { ...three, positions: { a: { x: 0, y: 0 }, b: { x: 90, y: 30 }, c: { x: 30, y: 900 } } }

test.each([
  ['column', [40, 40, 40], [0, 30, 900]],
  ['row', [0, 90, 30], [310, 310, 310]],
  ['spreadDown', [0, 90, 30], [0, 450, 900]],
  ['spreadAcross', [-207, 297, 45], [0, 30, 900]],
] as const)('aligned as %s', (how, xs, ys) => {
  const { positions } = align(doc, ['a', 'b', 'c'], how)
  expect(Object.values(positions).map(place => place.x)).toEqual(xs)
  expect(Object.values(positions).map(place => place.y)).toEqual(ys)
})

test('one layer alone stays', () => {
  expect(align(doc, ['a'], 'column')).toBe(doc)
})
