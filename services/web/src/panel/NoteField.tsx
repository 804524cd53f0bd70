import { useTranslation } from 'react-i18next'
import type { Layer } from '@/client/types'
import { setNote } from '@/model/edit'
import { edit } from '@/store/editor'
import { Field } from '@/ui/Field'

/** The longest that the server keeps. */
const LONGEST = 2000

/** What people want to remember of a layer. It is saved with the network and means nothing to it. */
export function NoteField({ layer }: { layer: Layer }) {
  const { t } = useTranslation()
  return (
    <Field label={t('panel:note')} hint={t('panel:noteHint')}>
      {ids => (
        <textarea
          {...ids}
          className="input"
          rows={2}
          maxLength={LONGEST}
          value={layer.note ?? ''}
          onChange={({ target }) => edit(doc => setNote(doc, layer.name, target.value), `note ${layer.name}`)}
        />
      )}
    </Field>
  )
}
