import { useTranslation } from 'react-i18next'
import type { OperatorView } from '@/client/types'

/** What an operator does, in words. */
export function useTaskText(): (task: OperatorView['task']) => string {
  const { t } = useTranslation()
  const words = {
    classification: t('library:classification'),
    binary: t('library:binary'),
    regression: t('library:regression'),
    sequence: t('library:sequence'),
  }
  return task => words[task]
}
