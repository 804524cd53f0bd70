import { useTranslation } from 'react-i18next'

/** A moment in the reader's language. */
export function When({ at }: { at: string }) {
  const { i18n } = useTranslation()
  const text = new Date(at).toLocaleString(i18n.language, { dateStyle: 'medium', timeStyle: 'short' })
  return <time dateTime={at}>{text}</time>
}
