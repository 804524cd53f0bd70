import { type ComponentType, lazy, Suspense } from 'react'
import { type DialogName, useDialog } from './state'

const DIALOGS: Readonly<Record<DialogName, ComponentType>> = {
  open: lazy(() => import('./OpenDialog')),
  import: lazy(() => import('./ImportDialog')),
  export: lazy(() => import('./ExportDialog')),
  keys: lazy(() => import('./KeysDialog')),
  conflict: lazy(() => import('./ConflictDialog')),
  tune: lazy(() => import('./TuneDialog')),
  share: lazy(() => import('./ShareDialog')),
}

/** The dialog that is asked for; each is loaded when it is first seen. */
export function Dialogs() {
  const name = useDialog(state => state.name)
  if (name === null) return null
  const Shown = DIALOGS[name]
  return (
    <Suspense>
      <Shown />
    </Suspense>
  )
}
