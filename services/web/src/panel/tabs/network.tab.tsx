import { NetworkPanel } from '../NetworkPanel'
import type { PanelTab } from '../registry'

export default {
  id: 'network',
  order: 20,
  title: 'panel:network',
  Content: NetworkPanel,
} satisfies PanelTab
