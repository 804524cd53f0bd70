import { Boxes } from 'lucide-react'
import type { Page } from './registry'

export default {
  paths: ['/app/models', '/app/models/:id/versions'],
  order: 40,
  title: 'library:models',
  icon: Boxes,
  load: () => import('./ModelsPage'),
} satisfies Page
