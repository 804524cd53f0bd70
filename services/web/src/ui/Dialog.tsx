import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

type Props = {
  readonly title: string
  readonly open: boolean
  readonly onClose: () => void
  readonly wide?: boolean
  readonly footer?: ReactNode
  readonly children: ReactNode
}

/** A modal window: keeps the focus, closes with Escape. */
export function Dialog({ title, open, onClose, wide = false, footer, children }: Props) {
  const { t } = useTranslation()
  return (
    <Base.Root open={open} onOpenChange={on => !on && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup className={wide ? 'dialog dialog-wide' : 'dialog'}>
          <header className="dialog-head">
            <Base.Title className="dialog-title">{title}</Base.Title>
            <Base.Close className="icon-button" aria-label={t('app:close')}>
              <X size={18} aria-hidden />
            </Base.Close>
          </header>
          <div className="dialog-body">{children}</div>
          {footer ? <footer className="dialog-foot">{footer}</footer> : null}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
