import { CloudOff, Eye } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useTogether } from './state'
import './together.css'

const KNOWN: readonly number[] = [1009, 4400, 4401, 4403, 4404, 4409, 4410, 4413]

/** Above the canvas: the connection is lost, the gateway lets nobody in, or one may only look. */
export function Notice() {
  const { t } = useTranslation()
  const { status, role, code } = useTogether()
  if (status === 'ended') {
    return (
      <p className="notice notice-bad" role="alert">
        <CloudOff size={15} aria-hidden />
        {t(KNOWN.includes(code) ? `together:ended${code}` : 'together:ended')}
      </p>
    )
  }
  if (status === 'away') {
    return (
      <p className="notice" role="status">
        <CloudOff size={15} aria-hidden />
        {t('together:away')}
      </p>
    )
  }
  if (status === 'live' && (role === 'viewer' || role === 'commenter')) {
    return (
      <p className="notice" role="status">
        <Eye size={15} aria-hidden />
        {t(role === 'viewer' ? 'together:mayLook' : 'together:mayComment')}
      </p>
    )
  }
  return null
}
