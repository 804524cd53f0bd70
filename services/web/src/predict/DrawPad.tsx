import { Eraser, Undo2 } from 'lucide-react'
import { type KeyboardEvent, type PointerEvent, useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '@/ui/Button'
import { drawStrokes, type Place, type Stroke } from './pen'

const SIZE = 280
/** The pen's way with one press of an arrow. */
const STEP = 1 / 28
const MIDDLE: Place = { x: 0.5, y: 0.5 }

type Props = {
  readonly strokes: readonly Stroke[]
  readonly onStrokes: (strokes: readonly Stroke[]) => void
  readonly label: string
  /** Of the pen, as a share of the paper. */
  readonly width: number
}

/** Paper to draw on with mouse, finger or pen; with the keyboard, arrows move the pen and Space lowers and lifts it. */
export function DrawPad({ strokes, onStrokes, label, width }: Props) {
  const { t } = useTranslation()
  const help = useId()
  const canvas = useRef<HTMLCanvasElement>(null)
  const [drawing, setDrawing] = useState<Stroke | null>(null)
  const keys = useKeyPen(strokes, onStrokes)
  usePaper(canvas, drawing ? [...strokes, drawing] : strokes, width, keys.pen)

  const placeOf = (event: PointerEvent | globalThis.PointerEvent): Place => {
    const box = canvas.current?.getBoundingClientRect()
    if (!box) return MIDDLE
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height }
  }
  const start = (event: PointerEvent) => {
    if (event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    setDrawing([placeOf(event)])
  }
  const move = (event: PointerEvent) => {
    if (!drawing) return
    const between = event.nativeEvent.getCoalescedEvents?.() ?? []
    const places = (between.length > 0 ? between : [event.nativeEvent]).map(placeOf)
    setDrawing([...drawing, ...places])
  }
  const end = () => {
    if (drawing) onStrokes([...strokes, drawing])
    setDrawing(null)
  }
  return (
    <div className="pad">
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: a canvas takes its own keys */}
      <canvas
        ref={canvas}
        width={SIZE}
        height={SIZE}
        className="pad-paper"
        role="application"
        tabIndex={0}
        aria-label={label}
        aria-describedby={help}
        onPointerDown={start}
        onPointerMove={move}
        onPointerUp={end}
        onPointerCancel={end}
        onKeyDown={keys.onKeyDown}
        onBlur={keys.onBlur}
      />
      {strokes.length === 0 && !drawing ? <p className="pad-hint">{t('predict:drawHere')}</p> : null}
      <div className="pad-actions">
        <Button
          icon={<Undo2 size={15} aria-hidden />}
          disabled={strokes.length === 0}
          onClick={() => onStrokes(strokes.slice(0, -1))}
        >
          {t('predict:undo')}
        </Button>
        <Button icon={<Eraser size={15} aria-hidden />} disabled={strokes.length === 0} onClick={() => onStrokes([])}>
          {t('predict:clear')}
        </Button>
      </div>
      <p id={help} className="visually-hidden">
        {t('predict:padKeys')}
      </p>
    </div>
  )
}

/** Draws anew whenever something changed. */
function usePaper(
  canvas: { current: HTMLCanvasElement | null },
  strokes: readonly Stroke[],
  width: number,
  pen: Place | null,
): void {
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context) return
    context.fillStyle = '#ffffff'
    context.fillRect(0, 0, SIZE, SIZE)
    drawStrokes(context, strokes, { size: SIZE, width, colour: '#101522' })
    if (!pen) return
    context.lineWidth = 2
    context.strokeStyle = '#3b5bdb'
    context.strokeRect(pen.x * SIZE - 7, pen.y * SIZE - 7, 14, 14)
  }, [canvas, strokes, width, pen])
}

const WAYS: Record<string, Place> = {
  ArrowLeft: { x: -STEP, y: 0 },
  ArrowRight: { x: STEP, y: 0 },
  ArrowUp: { x: 0, y: -STEP },
  ArrowDown: { x: 0, y: STEP },
}
const within = (value: number) => Math.max(0, Math.min(1, value))

function useKeyPen(strokes: readonly Stroke[], onStrokes: Props['onStrokes']) {
  const [pen, setPen] = useState<Place | null>(null)
  const [down, setDown] = useState(false)
  const onKeyDown = (event: KeyboardEvent) => {
    const way = WAYS[event.key]
    const at = pen ?? MIDDLE
    if (event.key === ' ') {
      event.preventDefault()
      if (!down) onStrokes([...strokes, [at]])
      setDown(!down)
      setPen(at)
    } else if (way) {
      event.preventDefault()
      const next = { x: within(at.x + way.x), y: within(at.y + way.y) }
      const last = strokes.at(-1)
      if (down && last) onStrokes([...strokes.slice(0, -1), [...last, next]])
      setPen(next)
    }
  }
  const onBlur = () => {
    setPen(null)
    setDown(false)
  }
  return { pen, onKeyDown, onBlur }
}
