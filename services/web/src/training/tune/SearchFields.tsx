import { RotateCcw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useSearchFields } from '@/api/jobs'
import type { RecipeField } from '@/client/types'
import { useTold } from '@/i18n/told'
import { useSearch } from '@/store/search'
import { IconButton } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { Field } from '@/ui/Field'
import { controlFor } from '../controls'
import { defaultText, errorAt, withField } from '../recipe'
import { counts } from './fields'

/** How many trials, how their values are chosen, and which are ended early: what the server says a search takes. */
export function SearchFields({ errors }: { errors: ReadonlyMap<string, string> }) {
  const { t } = useTranslation()
  const { data, error, isPending, refetch } = useSearchFields()
  const params = useSearch(state => state.params)
  if (error) {
    return <FailureBox title={t('training:fieldsFailed')} error={error} again={refetch} />
  }
  if (isPending) return <p className="field-hint">{t('app:loading')}</p>
  return data
    .filter(one => counts(one.name, params))
    .map(one => <SearchField key={one.name} field={one} value={params[one.name]} error={errorAt(errors, one.name)} />)
}

type Props = { readonly field: RecipeField; readonly value: unknown; readonly error: string | undefined }

function SearchField({ field, value, error }: Props) {
  const { t } = useTranslation()
  const told = useTold()
  const Control = controlFor(field)
  const set = (next: unknown) => useSearch.setState(state => ({ params: withField(state.params, field.name, next) }))
  const doc = t(`tune:hint.${field.name}`, { defaultValue: told(field.doc) })
  const standard = defaultText(field)
  const hint = standard === null ? doc : t('panel:withDefault', { text: doc, value: standard })
  const aside =
    value === undefined ? null : (
      <IconButton label={t('panel:reset')} onClick={() => set(undefined)}>
        <RotateCcw size={13} aria-hidden />
      </IconButton>
    )
  return (
    <Field label={t(`tune:field.${field.name}`, { defaultValue: field.name })} hint={hint} error={error} aside={aside}>
      {ids => <Control {...ids} field={field} value={value} onValue={set} />}
    </Field>
  )
}
