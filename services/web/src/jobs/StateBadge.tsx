import { useTranslation } from 'react-i18next'
import type { JobState } from '@/client/types'

export function StateBadge({ state }: { state: JobState }) {
  const { t } = useTranslation()
  return <span className={`state state-${state}`}>{t(`jobs:state.${state}`)}</span>
}
