import { RotateCcw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { RecipeField as Described } from '@/client/types'
import { useTold } from '@/i18n/told'
import { useSpec } from '@/store/editor'
import { IconButton } from '@/ui/Button'
import { Field } from '@/ui/Field'
import { controlFor } from './controls'
import { OutputsControl } from './OutputsControl'
import { defaultText, errorAt, namedOf } from './recipe'
import { StepsField } from './StepsField'

type Props = {
  readonly field: Described
  /** Below `params`: `optimizer.momentum`. */
  readonly path: string
  /** undefined: left to the server. */
  readonly value: unknown
  readonly errors: ReadonlyMap<string, string>
  readonly onValue: (value: unknown) => void
}

/** One field of a recipe: a control for its kind, what happens where it is left out, and the fields that it holds. */
export function RecipeField({ field, path, value, errors, onValue }: Props) {
  const { t } = useTranslation()
  const told = useTold()
  const Control = controlFor(field)
  const { outputs } = useSpec()
  const inner = innerFields(field, value)
  const error = errorAt(
    errors,
    path,
    inner.map(one => one.name),
  )
  const standard = defaultText(field)
  const doc = told(field.doc)
  const hint = standard === null ? doc : t('panel:withDefault', { text: doc, value: standard })
  if (field.kind === 'list' && field.of === 'named') {
    return (
      <StepsField
        field={field}
        value={value}
        error={errorAt(errors, path)}
        onValue={onValue}
        draw={(one, index, own, change) => (
          <RecipeField
            key={one.name}
            field={one}
            path={`${path}.${index}.${one.name}`}
            value={own}
            errors={errors}
            onValue={change}
          />
        )}
      />
    )
  }
  const aside = field.required ? (
    <span className="field-note">{t('panel:required')}</span>
  ) : value !== undefined ? (
    <IconButton label={t('panel:reset')} onClick={() => onValue(undefined)}>
      <RotateCcw size={13} aria-hidden />
    </IconButton>
  ) : null
  return (
    <>
      <Field
        label={t(`training:field.${field.name}`, { defaultValue: field.name })}
        hint={hint}
        error={error}
        aside={aside}
      >
        {ids =>
          field.kind === 'map' && outputs.length > 1 && typeof (value ?? {}) === 'object' ? (
            <OutputsControl {...ids} outputs={outputs} field={field} value={value} onValue={onValue} />
          ) : (
            <Control {...ids} field={field} value={value} onValue={onValue} />
          )
        }
      </Field>
      {inner.length > 0 ? (
        <InnerFields fields={inner} path={path} value={value} errors={errors} onValue={onValue} />
      ) : null}
    </>
  )
}

type InnerProps = Omit<Props, 'field'> & { readonly fields: readonly Described[] }

/** So many fields of a choice are shown; the rest is folded away. */
const AT_ONCE = 4

function InnerFields({ fields, path, value, errors, onValue }: InnerProps) {
  const { t } = useTranslation()
  const own = typeof value === 'string' ? namedOf(value) : ((value ?? {}) as Readonly<Record<string, unknown>>)
  const change = (name: string, next: unknown) => {
    const { [name]: _before, ...others } = own
    onValue(next === undefined ? others : { ...others, [name]: next })
  }
  const draw = (one: Described) => (
    <RecipeField
      key={one.name}
      field={one}
      path={`${path}.${one.name}`}
      value={own[one.name]}
      errors={errors}
      onValue={next => change(one.name, next)}
    />
  )
  const rest = fields.slice(AT_ONCE)
  const touched = rest.some(one => one.name in own || errorAt(errors, `${path}.${one.name}`))
  return (
    <div className="recipe-inner">
      {fields.slice(0, AT_ONCE).map(draw)}
      {rest.length > 0 ? (
        <details open={touched || undefined}>
          <summary>{t('panel:advanced')}</summary>
          {rest.map(draw)}
        </details>
      ) : null}
    </div>
  )
}

/** The fields that belong to what is chosen. */
function innerFields(field: Described, value: unknown): readonly Described[] {
  if (field.kind === 'record') return value === undefined ? [] : (field.fields ?? [])
  if (field.kind !== 'named') return []
  return field.options?.[namedOf(value).name] ?? []
}
