import { CloudCheck, CloudOff, Download, FilePlus, FolderOpen, Redo2, Save, Undo2, Upload } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { openDialog } from '@/dialogs/state'
import { useDiscard } from '@/dialogs/useDiscard'
import { renameModel } from '@/model/edit'
import {
  edit,
  redoEdit,
  undoEdit,
  useCanRedo,
  useCanUndo,
  useEditor,
  useReadOnly,
  useSpec,
  useUnsaved,
} from '@/store/editor'
import { openNew } from '@/store/opening'
import { save, useSaving } from '@/store/saving'
import { Button, IconButton } from '@/ui/Button'
import { TextInput } from '@/ui/TextInput'
import { useSlow } from '@/ui/useSlow'

/** Above the canvas: the network's name and what can be done with it as a whole. */
export function CanvasBar() {
  const { t } = useTranslation()
  const spec = useSpec()
  const { guarded, question } = useDiscard()
  const readOnly = useReadOnly()
  const saving = useSaving(state => state.pending)
  const slow = useSlow(saving)
  return (
    <div className="canvas-bar">
      <TextInput
        lazy
        className="canvas-name"
        aria-label={t('canvas:name')}
        value={spec.name}
        maxLength={200}
        readOnly={readOnly}
        onText={name => name.trim() && edit(doc => renameModel(doc, name.trim()))}
      />
      <SaveState />
      <UndoRedo />
      <div className="bar-space" />
      <Button icon={<FilePlus size={15} aria-hidden />} onClick={() => guarded(openNew)}>
        {t('files:new')}
      </Button>
      <Button icon={<FolderOpen size={15} aria-hidden />} onClick={() => openDialog('open')}>
        {t('files:open')}
      </Button>
      <Button icon={<Upload size={15} aria-hidden />} onClick={() => openDialog('import')}>
        {t('files:import')}
      </Button>
      <Button icon={<Download size={15} aria-hidden />} onClick={() => openDialog('export')}>
        {t('files:export')}
      </Button>
      <Button
        tone="primary"
        icon={<Save size={15} aria-hidden />}
        disabled={spec.layers.length === 0 || readOnly || saving}
        aria-busy={saving}
        onClick={save}
      >
        {slow ? t('files:saving') : t('files:save')}
      </Button>
      {question}
    </div>
  )
}

function UndoRedo() {
  const { t } = useTranslation()
  const canUndo = useCanUndo()
  const canRedo = useCanRedo()
  return (
    <div className="button-group">
      <IconButton label={t('canvas:undo')} disabled={!canUndo} onClick={undoEdit}>
        <Undo2 size={17} aria-hidden />
      </IconButton>
      <IconButton label={t('canvas:redo')} disabled={!canRedo} onClick={redoEdit}>
        <Redo2 size={17} aria-hidden />
      </IconButton>
    </div>
  )
}

function SaveState() {
  const { t } = useTranslation()
  const unsaved = useUnsaved()
  const version = useEditor(state => state.origin?.version)
  const empty = useSpec().layers.length === 0
  if (version === undefined && empty) return null
  const text =
    version === undefined ? t('files:neverSaved') : unsaved ? t('files:unsaved') : t('files:stored', { version })
  const kept = version !== undefined && !unsaved
  return (
    <span className={kept ? 'save-state kept' : 'save-state'} role="img" aria-label={text} title={text}>
      {kept ? <CloudCheck size={17} aria-hidden /> : <CloudOff size={17} aria-hidden />}
    </span>
  )
}
