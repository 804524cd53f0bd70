import { CircleAlert, Info, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { dismiss, type Toast, useToasts } from '@/store/toasts'
import { Button, IconButton } from './Button'
import { ProblemList, useFailureText } from './Failure'

export function Toasts() {
  const items = useToasts(state => state.items)
  return (
    <div className="toast-list" aria-live="polite">
      {items.map(item => (
        <ToastBox key={item.id} toast={item} />
      ))}
    </div>
  )
}

function ToastBox({ toast }: { toast: Toast }) {
  const { t } = useTranslation()
  const say = useFailureText()
  const { failure, again } = toast
  const tryAgain = () => {
    dismiss(toast.id)
    again?.()
  }
  return (
    <div className={`toast toast-${toast.tone}`} role={toast.tone === 'error' ? 'alert' : 'status'}>
      {toast.tone === 'error' ? <CircleAlert size={18} aria-hidden /> : <Info size={18} aria-hidden />}
      <div className="toast-text">
        <span>{toast.text}</span>
        {failure && failure.problems.length === 0 ? <p>{say(failure)}</p> : null}
        {failure && failure.problems.length > 0 ? <ProblemList problems={failure.problems.slice(0, 5)} /> : null}
      </div>
      {again ? <Button onClick={tryAgain}>{t('app:retry')}</Button> : null}
      <IconButton label={t('app:dismiss')} onClick={() => dismiss(toast.id)}>
        <X size={16} aria-hidden />
      </IconButton>
    </div>
  )
}
