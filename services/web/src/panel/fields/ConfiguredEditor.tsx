import { useTranslation } from 'react-i18next'
import type { Kind } from '@/client/types'
import { textOf } from '@/model/values'
import type { EditorProps } from './editors'
import { editorFor } from './editors'

type Configured = { name: string } & Record<string, unknown>
type Choice = NonNullable<Kind['params']>[string][number]

/** A name, such as of an initializer, with the parameters that this choice has; without any it is just the name. */
export function ConfiguredEditor({ kind, value, onValue, ...rest }: EditorProps) {
  const { t } = useTranslation()
  const choices = kind.choices ?? kind.of?.choices ?? []
  const params = kind.params ?? kind.of?.params ?? {}
  const current = configured(value)
  const own = params[current.name] ?? []
  const change = (param: string, next: unknown) => {
    const { name, ...others } = { ...current, [param]: next }
    const set = Object.entries(others).filter(([, one]) => one !== undefined)
    onValue(set.length === 0 ? name : { name, ...Object.fromEntries(set) })
  }
  return (
    <span className="stacked">
      <select {...rest} className="input" value={current.name} onChange={event => onValue(event.target.value || null)}>
        {kind.kind === 'optional' || current.name === '' ? <option value="">{t('panel:none')}</option> : null}
        {choices.map(choice => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
      {own.map(param => (
        <SubParam key={param.name} id={rest.id} param={param} value={current[param.name]} onValue={change} />
      ))}
    </span>
  )
}

type SubProps = { id: string; param: Choice; value: unknown; onValue: (name: string, value: unknown) => void }

function SubParam({ id, param, value, onValue }: SubProps) {
  const Editor = editorFor(param)
  const own = `${id}-${param.name}`
  return (
    <span className="sub-param">
      <label htmlFor={own}>{param.name}</label>
      <Editor
        id={own}
        aria-describedby={own}
        aria-invalid={false}
        title={textOf(param.default)}
        kind={param}
        value={value === undefined ? param.default : value}
        onValue={next => onValue(param.name, next)}
      />
    </span>
  )
}

function configured(value: unknown): Configured {
  if (typeof value === 'string') return { name: value }
  const found = value as Partial<Configured> | null | undefined
  return typeof found?.name === 'string' ? { ...found, name: found.name } : { name: '' }
}
