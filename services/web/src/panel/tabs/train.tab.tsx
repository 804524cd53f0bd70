import { TrainPanel } from '@/training/TrainPanel'
import type { PanelTab } from '../registry'

export default {
  id: 'train',
  order: 40,
  title: 'training:title',
  Content: TrainPanel,
} satisfies PanelTab
