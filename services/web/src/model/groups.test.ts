import { expect, test } from 'vitest'
import { flowEdges } from '@/canvas/edges'
import { chain, docOf, layer } from '@/testing/catalogue'
import type { Doc } from './doc'
import { removeLayers, renameLayer, setNote } from './edit'
import { setFolded, unfoldAround } from './folding'
import {
  exitsOf,
  foldedSpec,
  GROUP_ID,
  groupLayers,
  groupOfSelection,
  groupsOf,
  hiddenBy,
  renameGroup,
  shownGroups,
  unfoldedPlaces,
  ungroup,
} from './groups'

/** in -> a -> b -> c -> d, with a shortcut from a to d. */
const residual = () =>
  docOf([
    layer('in', 'Input'),
    layer('a', 'Dense', ['in']),
    layer('b', 'Dense', ['a']),
    layer('c', 'Dense', ['b']),
    layer('d', 'Add', ['c', 'a']),
  ])
const names = (doc: Doc) => groupsOf(doc.spec).map(group => [group.name, group.layers.join(' ')])
const folded = (doc: Doc, ...layers: string[]) => {
  const made = groupLayers(doc, layers)
  return setFolded(made.doc, made.name, true)
}

test('layers become a group with a free name', () => {
  const once = groupLayers(residual(), ['a', 'b', 'nobody'])
  const twice = groupLayers(once.doc, ['c', 'd'])
  expect(names(twice.doc)).toEqual([
    ['group', 'a b'],
    ['group_1', 'c d'],
  ])
  expect(groupLayers(residual(), []).doc).toEqual(residual())
})

test.each([
  [
    'inside another',
    ['a', 'b', 'c'],
    ['b', 'c'],
    [
      ['group', 'a b c'],
      ['group_1', 'b c'],
    ],
  ],
  [
    'around another',
    ['b', 'c'],
    ['a', 'b', 'c'],
    [
      ['group', 'b c'],
      ['group_1', 'a b c'],
    ],
  ],
  [
    'across another',
    ['a', 'b'],
    ['b', 'c'],
    [
      ['group', 'a'],
      ['group_1', 'b c'],
    ],
  ],
])('a group %s nests or takes what it holds', (_, first, second, expected) => {
  expect(names(groupLayers(groupLayers(residual(), first).doc, second).doc)).toEqual(expected)
})

test('a group is renamed, but not to a name that another has, and taken away', () => {
  const two = groupLayers(groupLayers(residual(), ['a']).doc, ['b']).doc
  expect(names(renameGroup(two, 'group', 'stem'))[0]).toEqual(['stem', 'a'])
  expect(renameGroup(two, 'group', 'group_1')).toBe(two)
  expect(renameGroup(two, 'group', ' ')).toBe(two)
  expect(names(ungroup(two, 'group'))).toEqual([['group_1', 'b']])
  expect('groups' in ungroup(ungroup(two, 'group'), 'group_1').spec).toBe(false)
})

test('groups follow their layers: renamed with them, gone with the last', () => {
  const doc = groupLayers(residual(), ['b', 'c']).doc
  expect(names(renameLayer(doc, 'b', 'body'))).toEqual([['group', 'body c']])
  expect(names(removeLayers(doc, ['b']))).toEqual([['group', 'c']])
  expect(names(removeLayers(doc, ['b', 'c']))).toEqual([])
})

test('a folded group is one node with the edges of its layers, each once', () => {
  const doc = folded(residual(), 'b', 'c')
  const group = `${GROUP_ID}group`
  expect(flowEdges(doc, new Set()).map(({ source, target }) => [source, target])).toEqual([
    ['in', 'a'],
    ['a', group],
    [group, 'd'],
    ['a', 'd'],
  ])
  expect(flowEdges(folded(residual(), 'a', 'b', 'c'), new Set())).toHaveLength(2)
  expect(foldedSpec(doc.spec).layers.map(one => [one.name, one.inputs])).toEqual([
    ['in', []],
    ['a', ['in']],
    [group, ['a']],
    ['d', [group, 'a']],
  ])
  expect(exitsOf(doc.spec, ['b', 'c'])).toEqual(['c'])
})

test('of nested folded groups the outer one is seen', () => {
  const inner = folded(residual(), 'b', 'c')
  const both = folded(inner, 'a', 'b', 'c')
  expect([...new Set([...hiddenBy(both.spec).values()].map(group => group.name))]).toEqual(['group_1'])
  expect(shownGroups(both.spec).frames).toEqual([])
  const outerOpen = setFolded(both, 'group_1', false)
  expect(shownGroups(outerOpen.spec)).toMatchObject({ folded: [{ name: 'group' }], frames: [{ name: 'group_1' }] })
  expect(hiddenBy(unfoldAround(both, 'b').spec).size).toBe(0)
})

const heights = (doc: Doc) => Object.fromEntries(Object.entries(doc.positions).map(([name, { y }]) => [name, y]))

test('folding closes the gap, and unfolding puts everything back', () => {
  const doc = groupLayers(residual(), ['b', 'c']).doc
  const shut = setFolded(doc, 'group', true)
  expect(heights(shut)).toEqual({ in: 0, a: 108, b: 216, c: 324, d: 324 })
  expect(setFolded(shut, 'group', false)).toEqual(doc)
  const loose: Doc = { ...doc, positions: { ...doc.positions, d: { x: 30, y: 700 } } } // the distance stays, too
  expect(heights(setFolded(loose, 'group', true)).d).toBe(700 - 108)
  expect(setFolded(setFolded(loose, 'group', true), 'group', false)).toEqual(loose)
})

test('what lies beside a folded group holds up what hangs on it', () => {
  const wide = residual()
  const beside: Doc = { ...wide, positions: { ...wide.positions, c: { x: 240, y: 324 } } }
  const shut = setFolded(groupLayers(beside, ['a', 'b']).doc, 'group', true)
  expect(heights(shut)).toMatchObject({ a: 108, c: 324 - 108, d: 432 - 108 })
  const columns: Doc = { ...wide, positions: { ...wide.positions, c: { x: 0, y: 216 }, b: { x: 240, y: 324 } } }
  const held = setFolded(groupLayers(columns, ['a', 'b']).doc, 'group', true)
  expect(heights(held).d).toBe(324) // one gap below c, which lies beside the group
})

test('nested groups close one gap after the other and open again', () => {
  const inner = groupLayers(groupLayers(residual(), ['a', 'b', 'c']).doc, ['b', 'c']).doc
  const both = setFolded(setFolded(inner, 'group_1', true), 'group', true)
  expect(heights(both).d).toBe(216)
  expect(setFolded(setFolded(both, 'group', false), 'group_1', false)).toEqual(inner)
  const outer = setFolded(setFolded(inner, 'group', true), 'group_1', true)
  expect(setFolded(setFolded(outer, 'group_1', false), 'group', false)).toEqual(inner)
})

test('unfolding makes room where layers were moved or added since', () => {
  const shut = folded(residual(), 'b', 'c')
  const moved: Doc = { ...shut, positions: { ...shut.positions, d: { x: 20, y: 300 } } }
  expect(heights(setFolded(moved, 'group', false)).d).toBe(408)
  const positions = { ...shut.positions, new: { x: 0, y: 300 } }
  const spec = { ...shut.spec, layers: [...shut.spec.layers, layer('new', 'Dense', ['a'])] }
  const open = setFolded({ ...shut, spec, positions }, 'group', false)
  expect(heights(open).new).toBeGreaterThanOrEqual(324 + 64)
})

test('unfolding makes room among layers that were laid out closer', () => {
  const doc = folded(residual(), 'a', 'b', 'c')
  const places = { in: { x: 0, y: 0 }, [`${GROUP_ID}group`]: { x: 0, y: 108 }, d: { x: 0, y: 216 } }
  const close: Doc = { ...doc, positions: unfoldedPlaces(doc, places) }
  expect(close.positions).toMatchObject({ a: { y: 108 }, b: { y: 216 }, c: { y: 324 }, d: { y: 216 } })
  const open = setFolded(close, 'group', false)
  expect(open.positions).toMatchObject({ in: { y: 0 }, a: { y: 108 }, c: { y: 324 }, d: { y: 432 } })
})

test('a selection is a group when it is just its layers', () => {
  const { spec } = groupLayers(residual(), ['b', 'c']).doc
  expect(groupOfSelection(spec, ['c', 'b'])?.name).toBe('group')
  expect(groupOfSelection(spec, ['c'])).toBeUndefined()
})

test('a note is kept with its layer, and an empty one leaves no trace', () => {
  const noted = setNote(chain(), 'b', 'wide enough?')
  expect(noted.spec.layers[1]).toMatchObject({ note: 'wide enough?' })
  expect(setNote(noted, 'b', ' ').spec).toEqual(chain().spec)
})
