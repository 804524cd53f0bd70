import type { Edge as FlowEdge } from '@xyflow/react'
import type { Doc } from '@/model/doc'
import { type Edge, edgesOf } from '@/model/graph'
import { GROUP_ID, hiddenBy } from '@/model/groups'

export type LayerEdge = FlowEdge<{ readonly input: number }>

/** The edges to draw; those of layers in folded groups are merged into one for each pair of nodes. */
export function flowEdges(doc: Doc, selected: ReadonlySet<string>): LayerEdge[] {
  const known = new Set(doc.spec.layers.map(layer => layer.name))
  const hidden = hiddenBy(doc.spec)
  const edges = edgesOf(doc.spec).filter(edge => known.has(edge.source))
  if (hidden.size === 0) return edges.map(edge => plain(edge, selected))
  const node = (name: string) => {
    const group = hidden.get(name)
    return group ? GROUP_ID + group.name : name
  }
  const seen = new Map<string, LayerEdge>()
  for (const edge of edges) {
    const [source, target] = [node(edge.source), node(edge.target)]
    const own = source === edge.source && target === edge.target
    const drawn = own ? plain(edge, selected) : merged(edge, source, target)
    if (source !== target && !seen.has(drawn.id)) seen.set(drawn.id, drawn)
  }
  return [...seen.values()]
}

function plain({ source, output, target, input }: Edge, selected: ReadonlySet<string>): LayerEdge {
  const id = `${input} ${target}`
  const handles = { sourceHandle: `o${output}`, targetHandle: 'i' }
  return { id, source, target, ...handles, selected: selected.has(id), data: { input } }
}

/** Stands for several edges, so that it cannot be taken away. */
function merged({ source: from, output, input }: Edge, source: string, target: string): LayerEdge {
  const handles = { sourceHandle: source === from ? `o${output}` : 'o0', targetHandle: 'i' }
  const fixed = { selectable: false, focusable: false, deletable: false }
  return { id: `${source} ${target}`, source, target, ...handles, ...fixed, data: { input } }
}
