import { parseValue, textOf } from '@/model/values'

/** `aux: 0.3, main: 1` as an object; undefined where nothing is given. What is no pair is refused by the server. */
export function mapValue(text: string): unknown {
  if (text.trim() === '') return undefined
  if (text.trim().startsWith('{')) return parseValue(text)
  const pairs = text.split(',').map(pair => /^\s*(.+?)\s*[:=]\s*(.*?)\s*$/.exec(pair))
  if (pairs.some(pair => pair === null)) return text
  return Object.fromEntries(pairs.map(pair => [pair?.[1] ?? '', parseValue(pair?.[2] ?? '')]))
}

/** The same back: pairs, or JSON where a value is an object itself. */
export function mapText(value: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(value)
  if (entries.some(([, one]) => typeof one === 'object')) return JSON.stringify(value)
  return entries.map(([name, one]) => `${name}: ${textOf(one)}`).join(', ')
}
