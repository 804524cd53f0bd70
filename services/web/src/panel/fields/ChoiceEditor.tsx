import { useTranslation } from 'react-i18next'
import type { EditorProps } from './editors'

/** One of a few words, or none where the kind is optional. */
export function ChoiceEditor({ kind, value, onValue, ...rest }: EditorProps) {
  const { t } = useTranslation()
  const choices = kind.choices ?? kind.of?.choices ?? []
  const chosen = typeof value === 'string' ? value : ''
  const odd = chosen !== '' && !choices.includes(chosen)
  return (
    <select {...rest} className="input" value={chosen} onChange={event => onValue(event.target.value || null)}>
      {kind.kind === 'optional' || chosen === '' ? <option value="">{t('panel:none')}</option> : null}
      {odd ? <option>{chosen}</option> : null}
      {choices.map(choice => (
        <option key={choice}>{choice}</option>
      ))}
    </select>
  )
}
