import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { readModel } from '@/api/models'
import { useEditor } from '@/store/editor'
import { openTheirs } from '@/store/opening'
import { saveCopy, saveOver } from '@/store/saving'
import { tellFailure } from '@/store/toasts'
import { Button } from '@/ui/Button'
import { Dialog } from '@/ui/Dialog'
import { closeDialog } from './state'

/** Somebody saved in between: theirs, mine on top, or mine beside it. */
export default function ConflictDialog() {
  const { t } = useTranslation()
  const id = useEditor(state => state.origin?.id ?? '')
  const theirs = useQuery({ queryKey: ['conflict', id], queryFn: () => readModel(id), gcTime: 0 })
  const model = theirs.data
  const after = (act: () => Promise<void>) => () => {
    closeDialog()
    act().catch(error => tellFailure(t('files:openFailed'), error))
  }
  return (
    <Dialog title={t('files:conflict')} open onClose={closeDialog}>
      <p>{t('files:conflictText', { version: model?.version ?? '?' })}</p>
      <div className="actions actions-column">
        <Button onClick={after(saveCopy)}>{t('files:conflictCopy')}</Button>
        <Button onClick={after(saveOver)}>{t('files:conflictMine')}</Button>
        <Button tone="danger" disabled={!model} onClick={after(async () => model && openTheirs(model))}>
          {t('files:conflictTheirs')}
        </Button>
      </div>
    </Dialog>
  )
}
