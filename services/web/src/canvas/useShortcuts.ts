import { useEffect } from 'react'
import { openDialog } from '@/dialogs/state'
import { redoEdit, select, undoEdit } from '@/store/editor'
import { save } from '@/store/saving'
import {
  duplicateSelected,
  groupSelected,
  layOut,
  removeSelected,
  selectAll,
  toggleFold,
  ungroupSelected,
} from './actions'
import { showAll } from './view/zooming'

/** Whether keys belong to what is being typed or to a window above the canvas. */
export function isTyping(target: EventTarget | null): boolean {
  const element = target instanceof Element ? target : null
  return element?.closest('input, textarea, select, [contenteditable], [role="dialog"], [role="menu"]') != null
}

const focus = (id: string) => {
  const field = document.getElementById(id)
  field?.focus()
  if (field instanceof HTMLInputElement) field.select()
}

/** With Ctrl or Command. */
const COMMANDS: Readonly<Record<string, () => void>> = {
  z: undoEdit,
  y: redoEdit,
  'shift+z': redoEdit,
  a: selectAll,
  d: duplicateSelected,
  s: save,
  g: groupSelected,
  'shift+g': ungroupSelected,
}
const PLAIN: Readonly<Record<string, () => void>> = {
  '/': () => focus('palette-search'),
  '?': () => openDialog('keys'),
  l: layOut,
  f: showAll,
  e: () => toggleFold(),
  F2: () => focus('layer-name'),
  Escape: () => select([]),
}

export function useShortcuts(removeEdges: () => boolean): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const command = event.ctrlKey || event.metaKey
      if (event.altKey || (isTyping(event.target) && !(command && event.key.toLowerCase() === 's'))) return
      const act = command ? COMMANDS[keyOf(event)] : (PLAIN[event.key] ?? deletion(event.key, removeEdges))
      if (!act) return
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [removeEdges])
}

const keyOf = (event: KeyboardEvent) => (event.shiftKey ? 'shift+' : '') + event.key.toLowerCase()

function deletion(key: string, removeEdges: () => boolean): (() => void) | undefined {
  if (key !== 'Delete' && key !== 'Backspace') return undefined
  return () => {
    if (!removeEdges()) removeSelected()
  }
}
