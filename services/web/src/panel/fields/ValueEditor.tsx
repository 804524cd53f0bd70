import { parseValue, textOf } from '@/model/values'
import { TextInput } from '@/ui/TextInput'
import type { EditorProps } from './editors'

const NUMERIC = new Set(['int', 'float', 'axis'])

/** Numbers, lists and everything else as text: `3`, `3, 3`, `[[1, 2], [1, 2]]`. An empty field is null, or the default. */
export function ValueEditor({ kind, value, onValue, ...rest }: EditorProps) {
  const inner = kind.kind === 'optional' ? (kind.of?.kind ?? '') : kind.kind
  const read = (text: string): unknown => {
    const made = parseValue(text)
    return inner === 'list' && typeof made === 'number' ? [made] : made
  }
  return (
    <TextInput
      {...rest}
      lazy
      inputMode={NUMERIC.has(inner) ? 'decimal' : 'text'}
      value={textOf(value)}
      onText={text => onValue(read(text))}
    />
  )
}
