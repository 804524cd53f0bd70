import { LayerPanel } from '../LayerPanel'
import type { PanelTab } from '../registry'

export default {
  id: 'layer',
  order: 10,
  title: 'panel:layer',
  Content: LayerPanel,
} satisfies PanelTab
