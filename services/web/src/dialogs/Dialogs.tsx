import { type ComponentType, Suspense } from 'react'
import { lazyPart } from '@/api/parts'
import { type DialogName, useDialog } from './state'

const DIALOGS: Readonly<Record<DialogName, ComponentType>> = {
  open: lazyPart(() => import('./OpenDialog')),
  import: lazyPart(() => import('./ImportDialog')),
  export: lazyPart(() => import('./ExportDialog')),
  keys: lazyPart(() => import('./KeysDialog')),
  conflict: lazyPart(() => import('./ConflictDialog')),
  tune: lazyPart(() => import('./TuneDialog')),
  share: lazyPart(() => import('./ShareDialog')),
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
