import { expect, test } from 'vitest'
import { chain, docOf, layer } from '@/testing/catalogue'
import { align } from './align'
import { setNote } from './edit'
import { setFolded } from './folding'
import { groupLayers } from './groups'
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
  countOf: names => (names.includes('b') ? `${names.length} k` : undefined),
  layersText: count => `${count} layers`,
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

const texts = (svg: string) =>
  [...new DOMParser().parseFromString(svg, 'image/svg+xml').querySelectorAll('text')].map(one => one.textContent)

test('groups are in the picture: open ones as frames, folded ones as one node with the sum of its parameters', () => {
  const grouped = groupLayers(chain(), ['b', 'c']).doc
  const open = svgOf(grouped, look)
  expect(texts(open.svg)).toEqual(expect.arrayContaining(['group', 'a', 'b', 'c', '1 k']))
  expect(open.width).toBe(208 + 2 * 18 + 64) // the frame lies within
  const shut = svgOf(setFolded(grouped, 'group', true), look)
  expect(texts(shut.svg)).toEqual(expect.arrayContaining(['group', '2 layers', '2 k', 'a']))
  expect(texts(shut.svg)).not.toContain('c')
  expect(shut.svg.match(/<path /g)).toHaveLength(1)
})

test('notes are numbered on their layers and told below, whatever they say', () => {
  const once = setNote(chain(), 'a', 'Pixels from <0> to 1.')
  const long = `${'wide enough? '.repeat(20)}${'x'.repeat(200)}${'很'.repeat(80)}`
  const { svg, height, width } = svgOf(setNote(once, 'c', `first line\n${long}`), look)
  const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml')
  expect(parsed.querySelector('parsererror')).toBeNull()
  expect([...parsed.querySelectorAll('circle')]).toHaveLength(2)
  const below = [...parsed.querySelectorAll('text')].filter(one => Number(one.getAttribute('y')) > 280)
  const lines = below.map(one => one.textContent ?? '')
  expect(lines[0]).toBe('1   a: Pixels from <0> to 1.')
  expect(lines[1]).toBe('2   c: first line')
  expect(lines.join('').replace(/\s/g, '')).toContain(long.replace(/\s/g, '').slice(-280))
  expect(Math.max(...lines.map(line => line.length))).toBeLessThan(width / 6)
  expect(Math.max(...below.map(one => Number(one.getAttribute('y'))))).toBeLessThan(height - 32)
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
