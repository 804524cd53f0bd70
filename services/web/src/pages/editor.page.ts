import { Workflow } from 'lucide-react'
import type { Page } from './registry'

export default {
  paths: ['/', '/app/models/:id'],
  order: 0,
  title: 'app:editor',
  icon: Workflow,
  load: () => import('./EditorPage'),
} satisfies Page
