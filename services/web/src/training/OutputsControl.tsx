import { useTranslation } from 'react-i18next'
import type { RecipeField } from '@/client/types'
import { TextInput } from '@/ui/TextInput'
import type { ControlProps } from './controls'
import { fieldText, fieldValue, namedOf, withField } from './recipe'

type Props = ControlProps & { readonly outputs: readonly string[] }

/** A field that has a value for each output of the network: a row for each of them. */
export function OutputsControl({ outputs, field, value, onValue, ...ids }: Props) {
  const values = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
  const change = (name: string, next: unknown) => {
    const all = withField(values, name, next)
    onValue(Object.keys(all).length > 0 ? all : undefined)
  }
  const others = Object.keys(values).filter(name => !outputs.includes(name)) // which the server refuses
  return (
    <ul className="recipe-outputs" id={ids.id} aria-describedby={ids['aria-describedby']}>
      {[...outputs, ...others].map(name => (
        <li key={name}>
          <span className="recipe-output" title={name}>
            {name}
          </span>
          <OfOutput
            field={field}
            name={name}
            value={values[name]}
            invalid={ids['aria-invalid']}
            onValue={next => change(name, next)}
          />
        </li>
      ))}
    </ul>
  )
}

type OfProps = {
  readonly field: RecipeField
  readonly name: string
  readonly value: unknown
  readonly invalid: boolean
  readonly onValue: (value: unknown) => void
}

function OfOutput({ field, name, value, invalid, onValue }: OfProps) {
  const { t } = useTranslation()
  const label = `${t(`training:field.${field.name}`, { defaultValue: field.name })}: ${name}`
  const leftOut = field.chosen ? t('training:leftOut') : t('panel:none')
  const choices = choicesOf(field)
  if (choices) {
    const { name: chosen, ...own } = namedOf(value)
    const more = Object.keys(own).length > 0 ? ` (${fieldText(own)})` : ''
    return (
      <select
        className="input"
        aria-label={label}
        aria-invalid={invalid}
        value={chosen}
        onChange={({ target }) => onValue(target.value === '' ? undefined : target.value)}
      >
        <option value="">{leftOut}</option>
        {choices.map(one => (
          <option key={one} value={one}>
            {one === chosen ? one + more : one}
          </option>
        ))}
      </select>
    )
  }
  const inner: RecipeField = { ...field, kind: (field.of ?? 'text') as RecipeField['kind'], of: 'text', choices: null }
  return (
    <TextInput
      lazy
      aria-label={label}
      aria-invalid={invalid}
      inputMode={field.of === 'float' ? 'decimal' : 'text'}
      placeholder={field.of === 'float' ? '1' : leftOut}
      value={value === undefined ? '' : fieldText(value)}
      onText={text => onValue(fieldValue(inner, text))}
    />
  )
}

/** The names that a choice with params of its own may have; null where the values are no choices. */
function choicesOf(field: RecipeField): readonly string[] | null {
  if (field.of !== 'record') return null
  return field.fields?.find(one => one.name === 'name')?.choices ?? null
}
