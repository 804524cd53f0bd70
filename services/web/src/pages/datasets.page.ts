import { Database } from 'lucide-react'
import type { Page } from './registry'

export default {
  paths: ['/app/datasets', '/app/datasets/:id'],
  order: 20,
  title: 'datasets:title',
  icon: Database,
  load: () => import('./DatasetsPage'),
} satisfies Page
