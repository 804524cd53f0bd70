import { Download } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { download, readStored } from '@/api/conversions'
import type { Newer } from '@/model/newer'
import { useEditor } from '@/store/editor'
import { tellFailure } from '@/store/toasts'
import { Button } from '@/ui/Button'
import { Dialog } from '@/ui/Dialog'
import { PictureButtons } from './PictureButtons'
import { closeDialog } from './state'

/** Of a spec that is not known as a whole there is one file: the one that it is. */
export function NewerExport({ newer }: { newer: Newer }) {
  const { t } = useTranslation()
  const origin = useEditor(state => state.origin)
  const [busy, setBusy] = useState(false)
  const give = async () => {
    setBusy(true)
    try {
      download(origin ? await readStored(origin, newer.file) : new File([newer.bytes], newer.file))
    } catch (error) {
      tellFailure(t('newer:notExported'), error)
    } finally {
      setBusy(false)
    }
  }
  const footer = (
    <>
      <PictureButtons />
      <Button onClick={closeDialog}>{t('app:close')}</Button>
      <Button tone="primary" icon={<Download size={15} aria-hidden />} disabled={busy} onClick={give}>
        {t('files:download', { name: newer.file })}
      </Button>
    </>
  )
  return (
    <Dialog title={t('files:exportTitle')} open onClose={closeDialog} footer={footer}>
      <p>{t('newer:export')}</p>
    </Dialog>
  )
}
