import type { EdgeChange, NodeChange } from '@xyflow/react'
import { useCallback, useMemo, useRef, useState } from 'react'
import { useCatalogue } from '@/api/catalogue'
import { useFeedback } from '@/api/FeedbackContext'
import type { Group } from '@/client/types'
import type { Point } from '@/model/doc'
import { disconnect, moveTo } from '@/model/edit'
import { GROUP_ID, groupNamed, groupsOf, movedGroup } from '@/model/groups'
import { currentDoc, edit, select, useDoc, useEditor, useSelection } from '@/store/editor'
import { flowEdges, type LayerEdge } from './edges'
import { type CanvasNode, nodesOf } from './nodes'

const NONE: ReadonlySet<string> = new Set()

/** What React Flow draws, and what it reports: places while dragging, places to keep, selection. */
export function useFlow() {
  const doc = useDoc()
  const selection = useSelection()
  const feedback = useFeedback()
  const catalogue = useCatalogue()
  const [moving, setMoving] = useState<Record<string, Point> | null>(null)
  const [chosenEdges, setChosenEdges] = useState(NONE)
  const drawn = useRef<ReadonlyMap<string, CanvasNode>>(new Map())

  const settled = useMemo(() => {
    const made = nodesOf({ doc, moving: null, feedback, catalogue, selection }, drawn.current)
    drawn.current = new Map(made.map(node => [node.id, node]))
    return made
  }, [doc, feedback, catalogue, selection])
  const nodes = useMemo(() => {
    if (!moving) return settled
    if (groupsOf(doc.spec).length === 0) return moved(settled, moving)
    return nodesOf({ doc, moving, feedback, catalogue, selection }, drawn.current)
  }, [settled, moving, doc, feedback, catalogue, selection])
  const edges = useMemo(() => flowEdges(doc, chosenEdges), [doc, chosenEdges])

  const onNodesChange = useCallback((changes: NodeChange<CanvasNode>[]) => {
    keepPlaces(changes, setMoving)
    selected(changes)
  }, [])

  const onEdgesChange = useCallback((changes: EdgeChange<LayerEdge>[]) => {
    setChosenEdges(before => {
      const next = new Set(before)
      for (const change of changes) {
        if (change.type === 'select') change.selected ? next.add(change.id) : next.delete(change.id)
      }
      return next.size === 0 ? NONE : next
    })
  }, [])

  /** Removes the edges that are selected; tells whether there were any. */
  const removeEdges = useCallback(() => {
    if (chosenEdges.size === 0) return false
    edit(now => disconnect(now, [...chosenEdges].map(parseEdgeId)))
    setChosenEdges(NONE)
    return true
  }, [chosenEdges])

  return { nodes, settled, edges, onNodesChange, onEdgesChange, onNodeClick, removeEdges }
}

function parseEdgeId(id: string): { target: string; input: number } {
  const space = id.indexOf(' ')
  return { input: Number(id.slice(0, space)), target: id.slice(space + 1) }
}

/** While a layer of thousands is dragged, only its own node is another one. */
function moved(nodes: readonly CanvasNode[], places: Readonly<Record<string, Point>>): CanvasNode[] {
  return nodes.map(node => {
    const position = places[node.id]
    return position ? { ...node, position } : node
  })
}

function groupOfNode(id: string): Group | undefined {
  return id.startsWith(GROUP_ID) ? groupNamed(currentDoc().spec, id.slice(GROUP_ID.length)) : undefined
}

function keepPlaces(changes: NodeChange<CanvasNode>[], setMoving: (next: Record<string, Point> | null) => void): void {
  const places: Record<string, Point> = {}
  let dragging = false
  for (const change of changes) {
    if (change.type !== 'position' || !change.position) continue
    const group = groupOfNode(change.id)
    if (group) Object.assign(places, movedGroup(currentDoc(), group, change.position))
    else places[change.id] = change.position
    dragging ||= change.dragging === true
  }
  if (Object.keys(places).length === 0) return
  if (dragging) setMoving(places)
  else {
    setMoving(null)
    edit(doc => moveTo(doc, places), `move ${Object.keys(places).join(' ')}`)
  }
}

/** A plain click on one of several selected leaves that one; React Flow keeps all, since a drag begins so too. */
function onNodeClick(event: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean }, node: { id: string }): void {
  if (event.shiftKey || event.ctrlKey || event.metaKey) return
  select(groupOfNode(node.id)?.layers ?? [node.id])
}

function selected(changes: NodeChange<CanvasNode>[]): void {
  const chosen = new Set(useEditor.getState().selection)
  const size = chosen.size
  let changed = false
  for (const change of changes) {
    if (change.type !== 'select') continue
    for (const name of groupOfNode(change.id)?.layers ?? [change.id]) {
      change.selected ? chosen.add(name) : chosen.delete(name)
    }
    changed = true
  }
  if (changed || chosen.size !== size) select([...chosen])
}
