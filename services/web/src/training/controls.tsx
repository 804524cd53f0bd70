import type { ComponentType } from 'react'
import { useTranslation } from 'react-i18next'
import type { RecipeField } from '@/client/types'
import { TextInput } from '@/ui/TextInput'
import { defaultText, fieldText, fieldValue, namedOf } from './recipe'

export type ControlProps = {
  readonly id: string
  readonly 'aria-describedby': string
  readonly 'aria-invalid': boolean
  readonly field: RecipeField
  readonly value: unknown
  readonly onValue: (value: unknown) => void
}

/** Kind -> its control; the rest is text. A new kind is a component and a line here. */
const CONTROLS: Readonly<Record<string, ComponentType<ControlProps>>> = {
  bool: SwitchControl,
  choice: ChoiceControl,
  named: ChoiceControl,
  record: RecordControl,
}

export function controlFor(field: RecipeField): ComponentType<ControlProps> {
  if (field.kind === 'list' && field.of === 'choice') return SeveralControl
  return CONTROLS[field.kind] ?? TextControl
}

/** What holds where the field is left out. */
function useLeftOut(field: RecipeField): string {
  const { t } = useTranslation()
  return defaultText(field) ?? (field.chosen ? t('training:leftOut') : t('panel:none'))
}

function TextControl({ field, value, onValue, ...ids }: ControlProps) {
  const leftOut = useLeftOut(field)
  const words = field.kind === 'list' ? [] : (field.choices ?? [])
  const list = words.length > 0 ? `${ids.id}-words` : undefined
  return (
    <>
      <TextInput
        {...ids}
        lazy
        inputMode={list ? 'text' : field.kind === 'int' ? 'numeric' : field.kind === 'float' ? 'decimal' : 'text'}
        placeholder={field.required ? '' : leftOut}
        list={list}
        value={fieldText(value)}
        onText={text => onValue(fieldValue(field, text))}
      />
      {list ? (
        <datalist id={list}>
          {words.map(one => (
            <option key={one} value={one} />
          ))}
        </datalist>
      ) : null}
    </>
  )
}

/** One of a few, or what the server chooses. A choice with params of its own is kept as an object. */
function ChoiceControl({ field, value, onValue, ...ids }: ControlProps) {
  const leftOut = useLeftOut(field)
  const chosen = field.kind === 'named' ? namedOf(value).name : fieldText(value)
  const standard = defaultText(field)
  return (
    <select
      {...ids}
      className="input"
      value={chosen}
      onChange={({ target }) =>
        onValue(target.value === '' ? undefined : field.kind === 'named' ? { name: target.value } : target.value)
      }
    >
      <option value="">{leftOut}</option>
      {(field.choices ?? [])
        .filter(one => one !== standard)
        .map(one => (
          <option key={one}>{one}</option>
        ))}
    </select>
  )
}

function SwitchControl({ field, value, onValue, ...ids }: ControlProps) {
  const { t } = useTranslation()
  const on = (value ?? field.default) === true
  return (
    <span className="switch-row">
      <input
        {...ids}
        type="checkbox"
        className="switch"
        checked={on}
        onChange={({ target }) => onValue(target.checked === field.default ? undefined : target.checked)}
      />
      {on ? t('panel:on') : t('panel:off')}
    </span>
  )
}

/** Off, or on with fields of its own. */
function RecordControl({ field: _field, value, onValue, ...ids }: ControlProps) {
  const { t } = useTranslation()
  const on = value !== undefined
  return (
    <span className="switch-row">
      <input
        {...ids}
        type="checkbox"
        className="switch"
        checked={on}
        onChange={({ target }) => onValue(target.checked ? {} : undefined)}
      />
      {on ? t('panel:on') : t('panel:off')}
    </span>
  )
}

/** Any of a few words; none is what the server chooses. */
function SeveralControl({ id, field, value, onValue, 'aria-describedby': about }: ControlProps) {
  const chosen = Array.isArray(value) ? value.map(String) : []
  const toggle = (name: string, on: boolean) => {
    const next = (field.choices ?? []).filter(one => (one === name ? on : chosen.includes(one)))
    onValue(next.length > 0 ? next : undefined)
  }
  return (
    <span className="recipe-several" role="group" aria-describedby={about}>
      {(field.choices ?? []).map((one, index) => (
        <label key={one}>
          <input
            id={index === 0 ? id : undefined}
            type="checkbox"
            className="switch"
            checked={chosen.includes(one)}
            onChange={({ target }) => toggle(one, target.checked)}
          />
          {one}
        </label>
      ))}
    </span>
  )
}
