import { type DragEvent, memo } from 'react'
import { append } from '@/canvas/actions'
import type { LayerType } from '@/client/types'
import { useTold } from '@/i18n/told'
import { groupColour } from '@/ui/groups'

/** What a drag from the palette carries. */
export const DRAGGED = 'application/x-visualnn-layer'

export const PaletteItem = memo(function PaletteItem({ type }: { type: LayerType }) {
  const told = useTold()
  const onDragStart = (event: DragEvent) => {
    event.dataTransfer.setData(DRAGGED, type.type)
    event.dataTransfer.effectAllowed = 'copy'
  }
  return (
    <button
      type="button"
      className="palette-item"
      tabIndex={-1}
      draggable
      title={told(type.doc)}
      data-layer-type={type.type}
      onDragStart={onDragStart}
      onClick={() => append(type)}
    >
      <span className={`dot ${groupColour(type.group)}`} aria-hidden />
      <span className="palette-type">{type.type}</span>
    </button>
  )
})
