import { Eye } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { showTab } from '@/panel/state'
import { useEditor } from '@/store/editor'
import { Button } from '@/ui/Button'
import './newer.css'

const MOST_NAMED = 4

/** Above a network that is not known as a whole: who made it, what is not known, and that nothing of it is changed here. */
export function NewerBanner() {
  const { t } = useTranslation()
  const newer = useEditor(state => state.newer)
  if (!newer) return null
  const { version, types, keys } = newer
  return (
    <section className="newer" role="status">
      <Eye size={17} aria-hidden />
      <p>
        <strong>{version === null ? t('newer:notKnown') : t('newer:madeBy', { version })}</strong> {t('newer:readOnly')}
        <Named text="newer:types" names={types} />
        <Named text="newer:keys" names={keys} />
      </p>
      <Button onClick={() => showTab('problems')}>{t('newer:problems')}</Button>
    </section>
  )
}

function Named({ text, names }: { text: string; names: readonly string[] }) {
  const { t } = useTranslation()
  if (names.length === 0) return null
  const more = names.length - MOST_NAMED
  const told = names.slice(0, MOST_NAMED).map(name => `“${name.slice(0, 60)}”`)
  if (more > 0) told.push(t('newer:more', { count: more }))
  return <span className="newer-what">{t(text, { count: names.length, names: told.join(', ') })}</span>
}
