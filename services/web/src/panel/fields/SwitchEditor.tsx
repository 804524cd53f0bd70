import { useTranslation } from 'react-i18next'
import type { EditorProps } from './editors'

export function SwitchEditor({ kind: _, value, onValue, ...rest }: EditorProps) {
  const { t } = useTranslation()
  return (
    <span className="switch-row">
      <input
        {...rest}
        type="checkbox"
        className="switch"
        checked={value === true}
        onChange={event => onValue(event.target.checked)}
      />
      <span aria-hidden>{value === true ? t('panel:on') : t('panel:off')}</span>
    </span>
  )
}
