import { useQueryClient } from '@tanstack/react-query'
import { CloudAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useOutdated } from '@/api/parts'
import { stopReading, useSilent } from '@/api/waiting'
import { Button } from './Button'

/** Told on every page while the server does not answer: what is shown may be old, and nothing is lost. */
export function ServerNotice() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const calls = useSilent(state => state.calls)
  const again = () => {
    stopReading()
    setTimeout(() => client.refetchQueries({ type: 'active', predicate: query => query.state.status === 'error' }))
  }
  const outdated = useOutdated(state => state.outdated)
  if (outdated)
    return (
      <div className="server-notice" role="status">
        <CloudAlert size={16} aria-hidden />
        <span>{t('failure:outdated')}</span>
        <Button tone="primary" onClick={() => location.reload()}>
          {t('app:reload')}
        </Button>
      </div>
    )
  if (calls === 0) return null
  return (
    <div className="server-notice" role="status">
      <CloudAlert size={16} aria-hidden />
      <span>{t('failure:silentNow')}</span>
      <Button onClick={again}>{t('app:retry')}</Button>
    </div>
  )
}
