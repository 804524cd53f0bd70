import { AlertDialog } from '@base-ui/react/alert-dialog'
import { type ReactNode, useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hasUnsaved } from '@/store/drafts'

/** `guarded(act)` does it at once, or asks first where unsaved work would be lost; `question` must be rendered. */
export function useDiscard(): { guarded: (act: () => void) => void; question: ReactNode } {
  const { t } = useTranslation()
  const [waiting, setWaiting] = useState<(() => void) | null>(null)
  const guarded = useCallback((act: () => void) => {
    if (hasUnsaved()) setWaiting(() => act)
    else act()
  }, [])
  const question = (
    <AlertDialog.Root open={waiting !== null} onOpenChange={open => !open && setWaiting(null)}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop backdrop-top" />
        <AlertDialog.Popup className="dialog dialog-small">
          <AlertDialog.Title className="dialog-title">{t('files:discard')}</AlertDialog.Title>
          <AlertDialog.Description>{t('files:discardText')}</AlertDialog.Description>
          <div className="actions">
            <AlertDialog.Close className="button button-plain">{t('app:cancel')}</AlertDialog.Close>
            <AlertDialog.Close className="button button-danger" onClick={() => waiting?.()}>
              {t('files:discardYes')}
            </AlertDialog.Close>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
  return { guarded, question }
}
