import { useFeedback } from '@/api/FeedbackContext'
import { ProblemsPanel } from '../ProblemsPanel'
import type { PanelTab } from '../registry'

export default {
  id: 'problems',
  order: 30,
  title: 'panel:problems',
  Content: ProblemsPanel,
  useBadge: () => useFeedback().problems.length,
} satisfies PanelTab
