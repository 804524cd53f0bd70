import { useTranslation } from 'react-i18next'
import { textOf } from '@/model/values'
import type { EditorProps } from './editors'
import { ValueEditor } from './ValueEditor'

const CUSTOM = ' custom'

/** A word, or cells for each side: `[[top, bottom], [left, right]]`. */
export function PaddingEditor(props: EditorProps) {
  const { t } = useTranslation()
  const { kind, value, onValue, ...rest } = props
  const choices = kind.choices ?? []
  const cells = Array.isArray(value) || typeof value === 'number'
  const axes = kind.limits?.length ?? 2
  const zeros = Array.from({ length: axes }, () => [0, 0])
  if (choices.length === 0) return <ValueEditor {...props} />
  return (
    <span className="stacked">
      <select
        {...rest}
        className="input"
        value={cells ? CUSTOM : textOf(value)}
        onChange={event => onValue(event.target.value === CUSTOM ? zeros : event.target.value)}
      >
        {choices.map(choice => (
          <option key={choice}>{choice}</option>
        ))}
        {kind.limits?.explicit ? <option value={CUSTOM}>{t('panel:custom')}</option> : null}
      </select>
      {cells ? <ValueEditor {...props} id={`${rest.id}-cells`} /> : null}
    </span>
  )
}
