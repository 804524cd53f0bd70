import { Workflow } from 'lucide-react'
import { useLastPath } from '@/store/last'
import type { Page } from './registry'

export default {
  paths: ['/', '/app/models/:id'],
  order: 0,
  title: 'app:editor',
  icon: Workflow,
  usePath: useLastPath,
  load: () => import('./EditorPage'),
} satisfies Page
