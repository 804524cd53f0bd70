import { OperatorTest } from '../OperatorTest'
import type { PanelTab } from '../registry'

export default {
  id: 'test',
  order: 60,
  title: 'predict:tab',
  Content: OperatorTest,
} satisfies PanelTab
