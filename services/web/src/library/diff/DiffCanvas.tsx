import { Background, BackgroundVariant, ReactFlow, ReactFlowProvider, useReactFlow, useStoreApi } from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { ChevronDown, ChevronUp, Maximize, Minus, Plus } from 'lucide-react'
import { useEffect, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Overview } from '@/canvas/overview/Overview'
import type { Diff } from '@/client/types'
import { NODE_HEIGHT, NODE_WIDTH, type Point } from '@/model/doc'
import type { Fate, Union } from '@/model/union'
import { IconButton } from '@/ui/Button'
import { choose, useChosen } from './chosen'
import { DiffNode } from './DiffNode'
import './drawing.css'
import { changesOf, type DiffNodeType, edgesOf, marksOf, nodesOf } from './nodes'
import { SIGNS } from './signs'
import { useFates } from './texts'

const NODE_TYPES = { diff: DiffNode }
/** Below this zoom names cannot be read. */
const READABLE = 0.5
const MAPPED = 8
const FATES: readonly Fate[] = ['added', 'removed', 'changed', 'same']

type Props = { union: Union; diff: Diff; places: Readonly<Record<string, Point>> }

/** Two versions in one drawing: what differs is marked by sign, word, border and colour. */
export default function DiffCanvas(props: Props) {
  const { t } = useTranslation()
  return (
    <ReactFlowProvider>
      <section className="diff-drawing" aria-label={t('library:drawing')}>
        <Bar {...props} />
        <Drawing {...props} />
      </section>
    </ReactFlowProvider>
  )
}

function Drawing({ union, diff, places }: Props) {
  const nodes = useMemo(() => nodesOf(union, diff, places), [union, diff, places])
  const edges = useMemo(() => edgesOf(union), [union])
  const marks = useMemo(() => marksOf(nodes), [nodes])
  useJumps(nodes)
  return (
    <div className="diff-canvas">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        onlyRenderVisibleElements
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        onNodeClick={(_, { id, data }) => data.fate !== 'same' && choose(id)}
        minZoom={0.03}
        maxZoom={2}
        proOptions={{ hideAttribution: true }}
      >
        <Background variant={BackgroundVariant.Dots} gap={22} size={1.2} />
        {marks.length >= MAPPED ? <Overview marks={marks} /> : null}
      </ReactFlow>
    </div>
  )
}

/** Shows the whole where that can be read, else the first change; then whatever is chosen. */
function useJumps(nodes: readonly DiffNodeType[]): void {
  const { setCenter, fitView, getZoom } = useReactFlow()
  const store = useStoreApi()
  const { name, times } = useChosen()
  const places = useMemo(() => new Map(nodes.map(node => [node.id, node.position])), [nodes])
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      void fitView({ padding: 0.1, maxZoom: 1 }).then(() => {
        const at = places.get(firstDrawn(nodes) ?? '')
        if (getZoom() < READABLE && at) void setCenter(...middleOf(at), { zoom: 0.8 })
      })
    })
    return () => cancelAnimationFrame(frame)
  }, [nodes, places, fitView, setCenter, getZoom])
  // biome-ignore lint/correctness/useExhaustiveDependencies: each jump counts, to the same layer too
  useEffect(() => {
    const at = name === null ? undefined : places.get(name)
    if (!at) return
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    const zoom = Math.max(store.getState().transform[2], 0.8)
    void setCenter(...middleOf(at), { zoom, duration: still ? 0 : 250 })
  }, [name, times])
  useEffect(() => () => choose(null), [])
}

const middleOf = ({ x, y }: Point) => [x + NODE_WIDTH / 2, y + NODE_HEIGHT / 2] as const

function firstDrawn(nodes: readonly DiffNodeType[]): string | undefined {
  return inOrder(nodes)[0]
}

/** What differs, from the top of the drawing to its end. */
const inOrder = (nodes: readonly DiffNodeType[]): string[] =>
  nodes
    .filter(({ data }) => data.fate !== 'same')
    .sort((a, b) => a.position.y - b.position.y || a.position.x - b.position.x)
    .map(({ id }) => id)

/** What the marks mean, with numbers, and the way from one change to the next. */
function Bar({ union, diff, places }: Props) {
  const { t } = useTranslation()
  const words = useFates()
  const { zoomIn, zoomOut, fitView } = useReactFlow()
  const order = useMemo(() => inOrder(nodesOf(union, diff, places)), [union, diff, places])
  const at = useChosen(state => order.indexOf(state.name ?? ''))
  const count = (fate: Fate) => [...union.fates.values()].filter(one => one === fate).length
  const step = (by: number) => choose(order[(Math.max(at, by > 0 ? at : 0) + by + order.length) % order.length] ?? null)
  return (
    <div className="diff-bar">
      <ul className="diff-legend" aria-label={t('library:legend')}>
        {FATES.map(fate => (
          <li key={fate} className={`diff-key diff-node-${fate}`}>
            <span className="diff-sign" aria-hidden>
              {SIGNS[fate]}
            </span>
            {t('library:ofFate', { count: count(fate), fate: words[fate] })}
          </li>
        ))}
      </ul>
      <span className="diff-at" role="status">
        {at >= 0 ? t('library:changeAt', { at: at + 1, count: changesOf(diff).length }) : null}
      </span>
      <div className="button-group">
        <IconButton label={t('library:previousChange')} disabled={order.length === 0} onClick={() => step(-1)}>
          <ChevronUp size={17} aria-hidden />
        </IconButton>
        <IconButton label={t('library:nextChange')} disabled={order.length === 0} onClick={() => step(1)}>
          <ChevronDown size={17} aria-hidden />
        </IconButton>
        <IconButton label={t('canvas:zoomOut')} onClick={() => zoomOut()}>
          <Minus size={17} aria-hidden />
        </IconButton>
        <IconButton label={t('canvas:zoomIn')} onClick={() => zoomIn()}>
          <Plus size={17} aria-hidden />
        </IconButton>
        <IconButton label={t('canvas:fit')} onClick={() => fitView({ padding: 0.1, maxZoom: 1 })}>
          <Maximize size={17} aria-hidden />
        </IconButton>
      </div>
    </div>
  )
}
