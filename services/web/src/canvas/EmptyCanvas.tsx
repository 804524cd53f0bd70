import { useTranslation } from 'react-i18next'
import { useCatalogue } from '@/api/catalogue'
import { openDialog } from '@/dialogs/state'
import { Button } from '@/ui/Button'
import { append } from './actions'

/** The first-run hint. */
export function EmptyCanvas() {
  const { t } = useTranslation()
  const input = useCatalogue().byType.get('Input')
  return (
    <div className="empty">
      <h2>{t('canvas:empty')}</h2>
      <p>{t('canvas:emptyText')}</p>
      <div className="empty-actions">
        <Button tone="primary" disabled={!input} onClick={() => input && append(input)}>
          {t('canvas:startInput')}
        </Button>
        <Button onClick={() => openDialog('open')}>{t('canvas:startZoo')}</Button>
        <Button onClick={() => openDialog('import')}>{t('canvas:startImport')}</Button>
      </div>
    </div>
  )
}
