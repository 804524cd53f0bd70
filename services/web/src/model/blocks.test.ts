import { expect, test } from 'vitest'
import { docOf, layer } from '@/testing/catalogue'
import { replaceBlocks } from './blocks'

const doc = () => docOf([layer('a', 'Input'), layer('b', 'Block', ['a']), layer('c', 'Dense', ['b'])], ['c'])
const inside = [layer('b/x', 'Dense', ['a']), layer('b', 'Add', ['a', 'b/x'])]
const column = () => ({ 'b/x': { x: 0, y: 0 }, b: { x: 0, y: 108 } })

test('the layers of a block stand in its place, in a group of its name, and what is below makes room', () => {
  const after = replaceBlocks(doc(), new Map([['b', inside]]), column)
  expect(after.spec.layers.map(one => one.name)).toEqual(['a', 'b/x', 'b', 'c'])
  expect(after.spec.layers.at(-1)?.inputs).toEqual(['b'])
  expect(after.spec.groups).toEqual([{ name: 'b', layers: ['b/x', 'b'], folded: false }])
  expect(after.positions['b/x']).toEqual({ x: 0, y: 108 })
  expect(after.positions.c?.y).toBeGreaterThan((after.positions.b?.y ?? 0) + 64)
})

test('a group that held the block holds its layers', () => {
  const before = doc()
  const grouped = { ...before, spec: { ...before.spec, groups: [{ name: 'b', layers: ['b', 'c'], folded: false }] } }
  expect(replaceBlocks(grouped, new Map([['b', inside]]), column).spec.groups).toEqual([
    { name: 'b', layers: ['b/x', 'b', 'c'], folded: false },
    { name: 'b_1', layers: ['b/x', 'b'], folded: false },
  ])
})

test('where a name is taken, or the block is gone meanwhile, nothing changes', () => {
  const taken = docOf([layer('b', 'Block'), layer('b/x', 'Dense', ['b'])])
  expect(replaceBlocks(taken, new Map([['b', inside]]), column)).toBe(taken)
  const gone = docOf([layer('a', 'Input')])
  expect(replaceBlocks(gone, new Map([['b', inside]]), column)).toBe(gone)
})
