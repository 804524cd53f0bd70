import type { Connection, OnConnectEnd, OnConnectStart } from '@xyflow/react'
import i18next from 'i18next'
import { useCallback, useRef } from 'react'
import { useCatalogue } from '@/api/catalogue'
import { connect } from '@/model/edit'
import { upstreamOf, validTargets } from '@/model/graph'
import { currentDoc, edit } from '@/store/editor'
import { tell } from '@/store/toasts'
import { lightUp, useConnecting } from './connecting'

type Start = { readonly name: string; readonly output: number; readonly forward: boolean }

/** Dragging an edge: lights the layers that it may end at, and takes a drop anywhere on one of them. */
export function useConnect() {
  const { byType } = useCatalogue()
  const start = useRef<Start | null>(null)

  const join = useCallback(
    (other: string) => {
      const from = start.current
      if (!from) return
      const [source, target] = from.forward ? [from.name, other] : [other, from.name]
      if (!useConnecting.getState().valid?.has(other)) {
        if (source !== target && upstreamOf(currentDoc().spec, source).has(target)) tell(i18next.t('canvas:circle'))
        return
      }
      edit(doc => connect(doc, source, from.forward ? from.output : 0, target, byType))
    },
    [byType],
  )

  const onConnectStart: OnConnectStart = useCallback(
    (_event, { nodeId, handleId, handleType }) => {
      if (!nodeId) return
      const { spec } = currentDoc()
      const forward = handleType === 'source'
      const output = forward ? Number(handleId?.slice(1) ?? 0) : 0
      start.current = { name: nodeId, output, forward }
      const backward = () =>
        spec.layers.map(layer => layer.name).filter(name => validTargets(spec, name, 0, byType).has(nodeId))
      lightUp(forward ? validTargets(spec, nodeId, output, byType) : new Set(backward()))
    },
    [byType],
  )

  const onConnect = useCallback(
    ({ source, target }: Connection) => join(start.current?.forward === false ? source : target),
    [join],
  )

  const onConnectEnd: OnConnectEnd = useCallback(
    (event, state) => {
      if (!state.isValid) {
        const point = 'changedTouches' in event ? event.changedTouches[0] : event
        const under = point ? document.elementFromPoint(point.clientX, point.clientY) : null
        const name = under?.closest<HTMLElement>('.react-flow__node')?.dataset.id
        if (name) join(name)
      }
      start.current = null
      lightUp(null)
    },
    [join],
  )

  const isValidConnection = useCallback(({ source, target }: { source: string; target: string }) => {
    const other = start.current?.forward === false ? source : target
    return useConnecting.getState().valid?.has(other) ?? false
  }, [])

  return { onConnectStart, onConnect, onConnectEnd, isValidConnection }
}
