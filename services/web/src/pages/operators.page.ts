import { Target } from 'lucide-react'
import type { Page } from './registry'

export default {
  paths: ['/app/operators', '/app/operators/:name'],
  order: 50,
  title: 'library:operators',
  icon: Target,
  load: () => import('./OperatorsPage'),
} satisfies Page
