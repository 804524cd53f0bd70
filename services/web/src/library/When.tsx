import { useTranslation } from 'react-i18next'

export const whenText = (at: string, language: string): string =>
  new Date(at).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' })

/** A moment in the reader's language. */
export function When({ at }: { at: string }) {
  const { i18n } = useTranslation()
  return <time dateTime={at}>{whenText(at, i18n.language)}</time>
}
