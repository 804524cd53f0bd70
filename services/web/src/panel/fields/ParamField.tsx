import { RotateCcw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { LayerParam } from '@/client/types'
import { useTold } from '@/i18n/told'
import { textOf } from '@/model/values'
import { IconButton } from '@/ui/Button'
import { Field } from '@/ui/Field'
import { editorFor } from './editors'

type Props = {
  readonly param: LayerParam
  /** undefined: not set, the default holds. */
  readonly value: unknown
  readonly error: string | undefined
  readonly onValue: (value: unknown) => void
}

/** One parameter: its name, a control for its kind, a line of help, and the way back to the default. */
export function ParamField({ param, value, error, onValue }: Props) {
  const { t } = useTranslation()
  const told = useTold()
  const Editor = editorFor(param)
  const shownDefault = param.default_from ?? (param.default === null ? t('panel:none') : textOf(param.default))
  const set = value !== undefined
  const doc = told(param.doc)
  const hint = param.required ? doc : t('panel:withDefault', { text: doc, value: shownDefault })
  const aside = param.required ? (
    <span className="field-note">{t('panel:required')}</span>
  ) : set ? (
    <IconButton label={t('panel:reset')} onClick={() => onValue(undefined)}>
      <RotateCcw size={13} aria-hidden />
    </IconButton>
  ) : null
  return (
    <Field label={param.name} hint={hint} error={error} aside={aside}>
      {ids => (
        <Editor {...ids} kind={param} value={set ? value : param.default} onValue={onValue} title={told(param.type)} />
      )}
    </Field>
  )
}
