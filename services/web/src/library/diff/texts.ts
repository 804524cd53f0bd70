import { useTranslation } from 'react-i18next'
import type { LayerDiff } from '@/client/types'
import type { Fate } from '@/model/union'
import { textOf } from '@/model/values'

export function useFates(): Record<Fate, string> {
  const { t } = useTranslation()
  return {
    added: t('library:added'),
    removed: t('library:removed'),
    changed: t('library:changedLayer'),
    same: t('library:unchanged'),
  }
}

export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '–'
  return typeof value === 'number' ? value.toLocaleString() : textOf(value)
}

/** `units: 512 → 256`, one text a change. */
export const changeTexts = ({ changes }: LayerDiff): string[] =>
  Object.entries(changes ?? {}).map(([key, { before, after }]) => `${key}: ${valueText(before)} → ${valueText(after)}`)
