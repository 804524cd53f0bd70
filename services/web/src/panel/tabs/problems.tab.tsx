import { CircleAlert } from 'lucide-react'
import { useFeedback } from '@/api/FeedbackContext'
import { ProblemsPanel } from '../ProblemsPanel'
import type { PanelTab } from '../registry'

export default {
  id: 'problems',
  order: 30,
  title: 'panel:problems',
  icon: CircleAlert,
  Content: ProblemsPanel,
  useBadge: () => useFeedback().problems.length,
} satisfies PanelTab
