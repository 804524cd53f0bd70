import { useReactFlow, useStore, ViewportPortal } from '@xyflow/react'
import { MessageSquare } from 'lucide-react'
import { type RefObject, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { NODE_HEIGHT, NODE_WIDTH, type Point } from '@/model/doc'
import { select, useDoc } from '@/store/editor'
import { point } from './presence'
import { isShared, type Person, useTogether } from './state'
import './together.css'
import { useDrawer, useThreads } from './useThreads'

/** On the canvas: where the others point, what they have selected, and which layers are spoken of. */
export function Overlay({ surface }: { surface: RefObject<HTMLElement | null> }) {
  const shared = useTogether(isShared)
  usePointing(surface, shared)
  if (!shared) return null
  return (
    <ViewportPortal>
      <Frames />
      <Bubbles />
      <Cursors />
    </ViewportPortal>
  )
}

function usePointing(surface: RefObject<HTMLElement | null>, shared: boolean): void {
  const { screenToFlowPosition } = useReactFlow()
  useEffect(() => {
    const element = surface.current
    if (!element || !shared) return undefined
    const onMove = (event: PointerEvent) => point(screenToFlowPosition({ x: event.clientX, y: event.clientY }))
    const onLeave = () => point(null)
    element.addEventListener('pointermove', onMove)
    element.addEventListener('pointerleave', onLeave)
    return () => {
      element.removeEventListener('pointermove', onMove)
      element.removeEventListener('pointerleave', onLeave)
    }
  }, [surface, shared, screenToFlowPosition])
}

const at = ({ x, y }: Point, scale = 1) => ({ transform: `translate(${x}px, ${y}px) scale(${scale})` })

function Cursors() {
  const people = useTogether(state => state.people)
  const zoom = useStore(state => state.transform[2])
  return people.map(person =>
    person.cursor ? (
      <div
        key={person.client}
        className={`cursor person-${person.colour}`}
        data-person={person.name}
        style={at(person.cursor, 1 / zoom)}
      >
        <svg width="16" height="18" viewBox="0 0 16 18" aria-hidden="true">
          <path d="M1 1 L14 9 L8 10.5 L5 16.5 Z" />
        </svg>
        <span>{person.name}</span>
      </div>
    ) : null,
  )
}

function Frames() {
  const people = useTogether(state => state.people)
  const { positions } = useDoc()
  const byLayer = new Map<string, Person[]>()
  for (const person of people) {
    for (const name of person.selected) byLayer.set(name, [...(byLayer.get(name) ?? []), person])
  }
  return [...byLayer].map(([name, who]) => {
    const place = positions[name]
    return place ? <Frame key={name} who={who} place={place} /> : null
  })
}

/** Around a layer, in the colour of the first who selected it, with the names of all. */
function Frame({ who, place }: { who: readonly Person[]; place: Point }) {
  return (
    <div
      className={`peer-frame person-${who[0]?.colour ?? 0}`}
      style={{ ...at(place), width: NODE_WIDTH, height: NODE_HEIGHT }}
    >
      <div className="peer-frame-names">
        {who.map(({ client, name, colour }) => (
          <span key={client} className={`person-${colour}`}>
            {name}
          </span>
        ))}
      </div>
    </div>
  )
}

function Bubbles() {
  const { t } = useTranslation()
  const { positions } = useDoc()
  const { threads } = useThreads()
  const counts = new Map<string, number>()
  for (const { layer, first } of threads) {
    if (layer && !first.resolved) counts.set(layer, (counts.get(layer) ?? 0) + 1)
  }
  return [...counts].map(([layer, count]) => {
    const place = positions[layer]
    if (!place) return null
    const label = t('together:commentsOn', { name: layer, count })
    const show = () => {
      select([layer])
      useDrawer.setState({ open: true })
    }
    return (
      <button
        key={layer}
        type="button"
        className="bubble nodrag nopan"
        style={at({ x: place.x + NODE_WIDTH - 14, y: place.y - 12 })}
        aria-label={label}
        title={label}
        onClick={show}
      >
        <MessageSquare size={11} aria-hidden />
        {count}
      </button>
    )
  })
}
