import { Network } from 'lucide-react'
import { NetworkPanel } from '../NetworkPanel'
import type { PanelTab } from '../registry'

export default {
  id: 'network',
  order: 20,
  title: 'panel:network',
  icon: Network,
  Content: NetworkPanel,
} satisfies PanelTab
