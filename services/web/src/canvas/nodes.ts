import type { Edge as FlowEdge, Node } from '@xyflow/react'
import type { Catalogue } from '@/api/catalogue'
import type { Feedback } from '@/api/summary'
import type { Layer, LayerSummary, Problem } from '@/client/types'
import { type Doc, NODE_HEIGHT, NODE_WIDTH, type Point } from '@/model/doc'
import { edgesOf } from '@/model/graph'
import { parseRef } from '@/model/refs'

export type LayerData = {
  readonly layer: Layer
  readonly group: string | undefined
  readonly summary: LayerSummary | undefined
  readonly problems: readonly Problem[]
  readonly isOutput: boolean
  /** Whether it takes inputs at all. */
  readonly takes: boolean
}
export type LayerNodeType = Node<LayerData, 'layer'>

type Given = {
  readonly doc: Doc
  readonly moving: Readonly<Record<string, Point>> | null
  readonly feedback: Feedback
  readonly catalogue: Catalogue
  readonly selection: readonly string[]
}

const ORIGIN: Point = { x: 0, y: 0 }
const NO_PROBLEMS: readonly Problem[] = []
const SIZE = { width: NODE_WIDTH, height: NODE_HEIGHT }

/** The nodes to draw; one that shows the same as before is the same object, so that React draws only what changed. */
export function nodesOf(given: Given, before: ReadonlyMap<string, LayerNodeType>): LayerNodeType[] {
  const { doc, moving, feedback, catalogue } = given
  const selected = new Set(given.selection)
  const outputs = new Set(doc.spec.outputs.map(text => parseRef(text).layer))
  const problems = problemsByLayer(feedback.problems)
  return doc.spec.layers.map(layer => {
    const type = catalogue.byType.get(layer.type)
    const data: LayerData = {
      layer,
      group: type?.group,
      summary: feedback.layers.get(layer.name),
      problems: problems.get(layer.name) ?? NO_PROBLEMS,
      isOutput: outputs.has(layer.name),
      takes: type ? type.ports.most !== 0 : true,
    }
    const position = moving?.[layer.name] ?? doc.positions[layer.name] ?? ORIGIN
    const old = before.get(layer.name)
    if (
      old &&
      old.selected === selected.has(layer.name) &&
      samePlace(old.position, position) &&
      sameData(old.data, data)
    )
      return old
    return {
      id: layer.name,
      type: 'layer',
      position,
      data: old && sameData(old.data, data) ? old.data : data,
      selected: selected.has(layer.name),
      measured: SIZE,
      ...SIZE,
    }
  })
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
    a.problems.length === b.problems.length &&
    a.problems.every((problem, index) => problem === b.problems[index])
  )
}

export type LayerEdge = FlowEdge<{ readonly input: number }>

export function flowEdges(doc: Doc, selected: ReadonlySet<string>): LayerEdge[] {
  const known = new Set(doc.spec.layers.map(layer => layer.name))
  return edgesOf(doc.spec)
    .filter(edge => known.has(edge.source))
    .map(({ source, output, target, input }) => {
      const id = `${input} ${target}`
      return {
        id,
        source,
        target,
        sourceHandle: `o${output}`,
        targetHandle: 'i',
        selected: selected.has(id),
        data: { input },
      }
    })
}
