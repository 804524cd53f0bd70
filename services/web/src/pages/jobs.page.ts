import { ChartSpline } from 'lucide-react'
import type { Page } from './registry'

export default {
  paths: ['/app/jobs', '/app/jobs/compare', '/app/jobs/:id'],
  order: 30,
  title: 'jobs:title',
  icon: ChartSpline,
  load: () => import('./JobsPage'),
} satisfies Page
