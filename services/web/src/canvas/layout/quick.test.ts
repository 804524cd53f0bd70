import { expect, test } from 'vitest'
import type { Layer, Spec } from '@/client/types'
import { NODE_HEIGHT, NODE_WIDTH } from '@/model/doc'
import { edgesOf } from '@/model/graph'
import { docOf, layer } from '@/testing/catalogue'
import { quickLayout } from './quick'

/** Residual blocks: three layers beside a shortcut, as often as asked. */
function residual(blocks: number): Spec {
  const layers: Layer[] = [layer('in', 'Input')]
  let last = 'in'
  for (let at = 0; at < blocks; at++) {
    for (const [name, from] of [
      [`a${at}`, last],
      [`b${at}`, `a${at}`],
      [`c${at}`, `b${at}`],
    ] as const)
      layers.push(layer(name, 'Dense', [from]))
    layers.push(layer(`add${at}`, 'Add', [last, `c${at}`]))
    last = `add${at}`
  }
  return docOf(layers).spec
}

/** Every layer takes from up to three earlier ones: a net without a plan, the same every time. */
function tangle(count: number): Spec {
  let state = 7
  const next = (most: number) => {
    state = (state * 48271) % 2147483647
    return state % most
  }
  const names = Array.from({ length: count }, (_, at) => `n${at}`)
  return docOf(
    names.map((name, at) => {
      const inputs = at < 2 ? [] : Array.from({ length: 1 + next(3) }, () => `n${next(at)}`)
      return layer(name, at < 2 ? 'Input' : 'Add', [...new Set(inputs)])
    }),
  ).spec
}

const SPECS: [string, Spec][] = [
  ['one layer', docOf([layer('a', 'Input')]).spec],
  ['residual blocks', residual(40)],
  ['a tangle', tangle(150)],
]

test.each(SPECS)('%s: no layers overlap, and each lies below what feeds it', (_, spec) => {
  const places = quickLayout(spec)
  expect(Object.keys(places).sort()).toEqual(spec.layers.map(one => one.name).sort())
  for (const edge of edgesOf(spec)) expect(places[edge.target]?.y).toBeGreaterThan(places[edge.source]?.y ?? Infinity)
  const all = Object.values(places)
  for (const [index, a] of all.entries()) {
    for (const b of all.slice(index + 1)) {
      expect(Math.abs(a.x - b.x) >= NODE_WIDTH || Math.abs(a.y - b.y) >= NODE_HEIGHT).toBe(true)
    }
  }
})

test('the same network is laid out alike every time', () => {
  expect(quickLayout(tangle(80))).toEqual(quickLayout(tangle(80)))
})

test('a shortcut passes beside its block, straight, and blocks stand below each other', () => {
  const places = quickLayout(residual(12))
  const middle = (name: string) => (places[name]?.x ?? Number.NaN) + NODE_WIDTH / 2
  for (let at = 1; at < 12; at++) {
    expect(Math.abs(middle(`add${at}`) - middle(`add${at - 1}`))).toBeLessThan(30)
    for (const name of [`a${at}`, `b${at}`, `c${at}`]) {
      expect(Math.abs(middle(name) - middle(`add${at}`))).toBeGreaterThan(NODE_WIDTH / 2)
    }
  }
})

test('thousands of layers take well under a second', () => {
  const spec = residual(1250) // 5,001 layers
  const start = performance.now()
  quickLayout(spec)
  expect(performance.now() - start).toBeLessThan(1500) // some 30 ms on an idle machine
})
