import type { Node } from '@xyflow/react'
import type { Catalogue } from '@/api/catalogue'
import type { Feedback } from '@/api/summary'
import type { Group, Layer, LayerSummary, Problem } from '@/client/types'
import { type Doc, NODE_HEIGHT, NODE_WIDTH, type Point } from '@/model/doc'
import { anchorOf, type Box, GROUP_ID, groupsOf, hiddenBy, seenBoxOf, shownGroups } from '@/model/groups'
import { parseRef } from '@/model/refs'
import { handlesOf } from './handles'

export type LayerData = {
  readonly layer: Layer
  readonly group: string | undefined
  readonly summary: LayerSummary | undefined
  readonly problems: readonly Problem[]
  readonly isOutput: boolean
  /** Whether it takes inputs at all. */
  readonly takes: boolean
  /** Whether it stands for several layers. */
  readonly block: boolean
  /** Whether the catalogue has no such type. */
  readonly unknown: boolean
}
export type LayerNodeType = Node<LayerData, 'layer'>
/** A folded group as one node, or an open one as a frame behind its layers. */
export type GroupData = {
  readonly name: string
  readonly layers: number
  readonly params: number
  readonly bad: number
}
export type GroupNodeType = Node<GroupData, 'group' | 'frame'>
export type CanvasNode = LayerNodeType | GroupNodeType

type Given = {
  readonly doc: Doc
  readonly moving: Readonly<Record<string, Point>> | null
  readonly feedback: Feedback
  readonly catalogue: Catalogue
  readonly selection: readonly string[]
}

const FRAME_ID = '\u0002'
const ORIGIN: Point = { x: 0, y: 0 }
const NO_PROBLEMS: readonly Problem[] = []
const SIZE = { width: NODE_WIDTH, height: NODE_HEIGHT }

/** The nodes to draw; one that shows the same as before is the same object, so that React draws only what changed. */
export function nodesOf(given: Given, before: ReadonlyMap<string, CanvasNode>): CanvasNode[] {
  const hidden = hiddenBy(given.doc.spec)
  const layers = layerNodes(given, before, hidden)
  if (groupsOf(given.doc.spec).length === 0) return layers
  return [...groupNodes(given, before), ...layers]
}

function layerNodes(
  given: Given,
  before: ReadonlyMap<string, CanvasNode>,
  hidden: ReadonlyMap<string, Group>,
): CanvasNode[] {
  const { doc, moving, feedback, catalogue } = given
  const selected = new Set(given.selection)
  const outputs = new Set(doc.spec.outputs.map(text => parseRef(text).layer))
  const problems = problemsByLayer(feedback.problems)
  const shown = hidden.size === 0 ? doc.spec.layers : doc.spec.layers.filter(layer => !hidden.has(layer.name))
  const many = shown.length > MANY
  return shown.map(layer => {
    const type = catalogue.byType.get(layer.type)
    const data: LayerData = {
      layer,
      group: type?.group,
      summary: feedback.layers.get(layer.name),
      problems: problems.get(layer.name) ?? NO_PROBLEMS,
      isOutput: outputs.has(layer.name),
      takes: type ? type.ports.most !== 0 : true,
      block: type?.block ?? false,
      unknown: !type && catalogue.items.length > 0,
    }
    const position = moving?.[layer.name] ?? doc.positions[layer.name] ?? ORIGIN
    const old = before.get(layer.name)
    if (
      old?.type === 'layer' &&
      old.selected === selected.has(layer.name) &&
      samePlace(old.position, position) &&
      sameData(old.data, data)
    )
      return old
    return {
      id: layer.name,
      type: 'layer',
      position,
      data: old?.type === 'layer' && sameData(old.data, data) ? old.data : data,
      selected: selected.has(layer.name),
      measured: SIZE,
      ...SIZE,
      ...(many ? { handles: handlesOf(data.takes, Math.max(1, data.summary?.output_shapes.length ?? 1)) } : {}),
    }
  })
}

/** From this many layers on only those on the screen are drawn. */
export const MANY = 150

/** Room around the layers of an open group, and more above for its name. */
const MARGIN = 18
const HEAD = 34
/** How much further a frame reaches that holds another. */
const RING = 12

function groupNodes(given: Given, before: ReadonlyMap<string, CanvasNode>): CanvasNode[] {
  const { doc, moving } = given
  const positions = moving ? { ...doc.positions, ...moving } : doc.positions
  const selected = new Set(given.selection)
  const problems = problemsByLayer(given.feedback.problems)
  const { folded, frames } = shownGroups(doc.spec)
  const kept = (made: GroupNodeType): CanvasNode => {
    const old = before.get(made.id)
    return old && JSON.stringify(old) === JSON.stringify(made) ? old : made
  }
  const dataOf = ({ name, layers }: Group): GroupData => ({
    name,
    layers: layers.length,
    params: layers.reduce((sum, one) => sum + (given.feedback.layers.get(one)?.params ?? 0), 0),
    bad: layers.filter(one => problems.has(one)).length,
  })
  const nodes = folded.map(group =>
    kept({
      id: GROUP_ID + group.name,
      type: 'group',
      position: anchorOf(positions, group),
      data: dataOf(group),
      selected: group.layers.every(name => selected.has(name)),
      measured: SIZE,
      ...SIZE,
    }),
  )
  const hidden = hiddenBy(doc.spec)
  const boxes = frames.map(group => seenBoxOf(hidden, positions, group))
  return [
    ...frames.flatMap((group, at) => frameOf(group, frames, boxes[at] ?? null, dataOf(group)).map(kept)),
    ...nodes,
  ]
}

function frameOf(group: Group, frames: readonly Group[], box: Box | null, data: GroupData): GroupNodeType[] {
  if (!box) return []
  const within = new Set(group.layers)
  const rings = frames.filter(one => one !== group && one.layers.every(name => within.has(name))).length
  const margin = MARGIN + rings * RING
  const head = HEAD * (rings + 1)
  const size = { width: box.right - box.left + 2 * margin, height: box.bottom - box.top + head + margin }
  return [
    {
      id: `${FRAME_ID}${group.name}`,
      type: 'frame',
      position: { x: box.left - margin, y: box.top - head },
      data,
      selectable: false,
      draggable: false,
      connectable: false,
      focusable: false,
      zIndex: -1,
      measured: size,
      ...size,
    },
  ]
}

function problemsByLayer(problems: readonly Problem[]): Map<string, Problem[]> {
  const found = new Map<string, Problem[]>()
  for (const problem of problems) {
    const name = problem.where.layer
    if (!name) continue
    const list = found.get(name)
    if (list) list.push(problem)
    else found.set(name, [problem])
  }
  return found
}

const samePlace = (a: Point, b: Point) => a.x === b.x && a.y === b.y

function sameData(a: LayerData, b: LayerData): boolean {
  return (
    a.layer === b.layer &&
    a.group === b.group &&
    a.summary === b.summary &&
    a.isOutput === b.isOutput &&
    a.takes === b.takes &&
    a.block === b.block &&
    a.unknown === b.unknown &&
    a.problems.length === b.problems.length &&
    a.problems.every((problem, index) => problem === b.problems[index])
  )
}
