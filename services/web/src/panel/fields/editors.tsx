import type { ComponentType } from 'react'
import type { Kind, LayerParam } from '@/client/types'
import { ChoiceEditor } from './ChoiceEditor'
import { ConfiguredEditor } from './ConfiguredEditor'
import { PaddingEditor } from './PaddingEditor'
import { SwitchEditor } from './SwitchEditor'
import { ValueEditor } from './ValueEditor'

/** What every control gets: the kind with its limits and choices, the value, and ids that tie it to its label. */
export type EditorProps = {
  readonly id: string
  readonly 'aria-describedby': string
  readonly 'aria-invalid': boolean
  readonly title?: string
  readonly kind: Kind
  readonly value: unknown
  readonly onValue: (value: unknown) => void
}

/** Kind -> its control. Kinds that are not here are edited as text, and the server says what is wrong with it. */
const EDITORS: Readonly<Record<string, ComponentType<EditorProps>>> = {
  bool: SwitchEditor,
  choice: ChoiceEditor,
  padding: PaddingEditor,
  activation: ConfiguredEditor,
  initializer: ConfiguredEditor,
  regularizer: ConfiguredEditor,
  constraint: ConfiguredEditor,
}

export function editorFor(param: LayerParam | Kind): ComponentType<EditorProps> {
  const kind = param.kind === 'optional' ? (param.of?.kind ?? '') : param.kind
  return EDITORS[kind] ?? ValueEditor
}
