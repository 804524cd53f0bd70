import { parseValue } from '@/model/values'

/**
 * What the field of input shapes says, as the server takes it: `28, 28, 1`, a single size, JSON, or a shape for each
 * input, `data: 28, 28, 1; words: 20`. Nothing for an empty field.
 */
export function inputShapeOf(text: string): string | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  const named = /^[[{]/.test(trimmed) ? [] : trimmed.split(/\s*[;\n]\s*/).filter(Boolean)
  const pairs = named.map(part => /^(.+)\s*[:=]\s*([\d?\s,x×]+|\[.*\])$/.exec(part))
  if (pairs.length > 0 && pairs.every(pair => pair !== null)) {
    return JSON.stringify(Object.fromEntries(pairs.map(pair => [pair[1], listed(pair[2] ?? '')])))
  }
  return JSON.stringify(listed(trimmed))
}

/** A shape of one axis is a list too. */
function listed(text: string): unknown {
  const value = parseValue(text.trim())
  return typeof value === 'number' ? [value] : value
}
