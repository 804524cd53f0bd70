import { AlertDialog } from '@base-ui/react/alert-dialog'
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'

type Props = { readonly what: string; readonly text: string; readonly onDelete: () => Promise<void> }

/** A button that asks before it deletes, and tells what stands in the way. */
export function Deleting({ what, text, onDelete }: Props) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const go = async () => {
    setBusy(true)
    try {
      await onDelete()
      setOpen(false)
    } catch (reason) {
      setError(reason)
    } finally {
      setBusy(false)
    }
  }
  return (
    <AlertDialog.Root
      open={open}
      onOpenChange={on => {
        setOpen(on)
        setError(null)
      }}
    >
      <AlertDialog.Trigger className="button button-danger">
        <Trash2 size={15} aria-hidden />
        {t('library:delete')}
      </AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop backdrop-top" />
        <AlertDialog.Popup className="dialog dialog-small">
          <AlertDialog.Title className="dialog-title">{t('library:deleteQuestion', { what })}</AlertDialog.Title>
          <AlertDialog.Description>{text}</AlertDialog.Description>
          {error ? <FailureBox title={t('library:deleteFailed')} error={error} /> : null}
          <div className="actions">
            <AlertDialog.Close className="button button-plain">{t('app:cancel')}</AlertDialog.Close>
            <Button tone="danger" disabled={busy} onClick={go}>
              {t('library:deleteYes')}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
