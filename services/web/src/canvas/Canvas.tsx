import {
  Background,
  BackgroundVariant,
  ControlButton,
  Controls,
  ReactFlow,
  ReactFlowProvider,
  SelectionMode,
  useReactFlow,
  useStore,
} from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { Maximize, Minus, Plus, Workflow } from 'lucide-react'
import { type DragEvent, useEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useCatalogue } from '@/api/catalogue'
import { DRAGGED } from '@/palette/PaletteItem'
import { useReadOnly } from '@/store/editor'
import { Drawer } from '@/together/Drawer'
import { Overlay } from '@/together/Overlay'
import { drop, layOut } from './actions'
import './canvas.css'
import { EmptyCanvas } from './EmptyCanvas'
import type { LayerEdge } from './edges'
import { FrameNode, GroupNode } from './GroupNode'
import { LayerNode } from './LayerNode'
import { type CanvasNode, MANY } from './nodes'
import { marksOf } from './overview/marks'
import { Overview } from './overview/Overview'
import { useClipboard } from './useClipboard'
import { useConnect } from './useConnect'
import { useFlow } from './useFlow'
import { useShortcuts } from './useShortcuts'
import { attach, holdStill, keptView } from './view/surface'
import { leastZoom, showAll, zoomIn, zoomOut } from './view/zooming'

const NODE_TYPES = { layer: LayerNode, group: GroupNode, frame: FrameNode }
/** Below this zoom texts cannot be read and are not drawn. */
const FAR = 0.4
/** Fewer layers than these are seen without a map. */
const MAPPED = 5

export function Canvas() {
  return (
    <ReactFlowProvider>
      <Surface />
    </ReactFlowProvider>
  )
}

function Surface() {
  const { t } = useTranslation()
  const { byType } = useCatalogue()
  const surface = useRef<HTMLDivElement>(null)
  const instance = useReactFlow()
  const { removeEdges, settled, ...flow } = useFlow()
  const connecting = useConnect()
  const readOnly = useReadOnly()
  const far = useStore(state => state.transform[2] < FAR)
  const marks = useMemo(() => marksOf(settled), [settled])
  const smallest = useMemo(() => leastZoom(marks), [marks])
  useShortcuts(removeEdges)
  useClipboard()
  useEffect(() => {
    attach(instance, surface.current)
    return () => attach(null, null)
  }, [instance])

  const onDrop = (event: DragEvent) => {
    const type = byType.get(event.dataTransfer.getData(DRAGGED))
    if (!type) return
    event.preventDefault()
    drop(type, instance.screenToFlowPosition({ x: event.clientX, y: event.clientY }))
  }
  const onDragOver = (event: DragEvent) => {
    if (!event.dataTransfer.types.includes(DRAGGED)) return
    event.preventDefault()
    event.dataTransfer.dropEffect = 'copy'
  }
  return (
    <section
      className={far ? 'canvas far' : 'canvas'}
      ref={surface}
      tabIndex={-1}
      aria-label={t('canvas:label')}
      onDrop={onDrop}
      onDragOver={onDragOver}
      onPointerDownCapture={holdStill}
    >
      <ReactFlow<CanvasNode, LayerEdge>
        {...flow}
        {...connecting}
        nodeTypes={NODE_TYPES}
        defaultViewport={keptView()}
        deleteKeyCode={null}
        selectionMode={SelectionMode.Partial}
        multiSelectionKeyCode={['Shift', 'Control', 'Meta']}
        connectionRadius={36}
        minZoom={smallest}
        maxZoom={2}
        onlyRenderVisibleElements={flow.nodes.length > MANY}
        elevateNodesOnSelect={false}
        nodeDragThreshold={3}
        nodesDraggable={!readOnly}
        nodesConnectable={!readOnly}
        proOptions={{ hideAttribution: true }}
      >
        <Background variant={BackgroundVariant.Dots} gap={22} size={1.2} />
        {marks.length >= MAPPED ? <Overview marks={marks} /> : null}
        <CanvasControls />
        <Overlay surface={surface} />
      </ReactFlow>
      <Drawer />
      {flow.nodes.length === 0 ? <EmptyCanvas /> : null}
    </section>
  )
}

function CanvasControls() {
  const { t } = useTranslation()
  const buttons = [
    { label: t('canvas:zoomIn'), act: zoomIn, Icon: Plus },
    { label: t('canvas:zoomOut'), act: zoomOut, Icon: Minus },
    { label: t('canvas:fit'), act: showAll, Icon: Maximize },
    { label: t('canvas:layout'), act: layOut, Icon: Workflow },
  ]
  return (
    <Controls showZoom={false} showFitView={false} showInteractive={false}>
      {buttons.map(({ label, act, Icon }) => (
        <ControlButton key={label} onClick={act} aria-label={label} title={label}>
          <Icon aria-hidden />
        </ControlButton>
      ))}
    </Controls>
  )
}
