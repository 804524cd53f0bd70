import { parseValue, textOf } from '@/model/values'

/** `aux: auc precision, main: accuracy`: names with lists of words. */
export function listsValue(text: string): unknown {
  const map = mapValue(text)
  if (typeof map !== 'object' || map === null || text.trim().startsWith('{')) return map
  const words = (one: unknown) =>
    String(one ?? '')
      .split(/\s+/)
      .filter(Boolean)
  return Object.fromEntries(Object.entries(map).map(([name, one]) => [name, words(one)]))
}

/** `aux: 0.3, main: 1` as an object; undefined where nothing is given. What is no pair is refused by the server. */
export function mapValue(text: string): unknown {
  if (text.trim() === '') return undefined
  if (text.trim().startsWith('{')) return parseValue(text)
  const pairs = text.split(',').map(pair => /^\s*(.+?)\s*[:=]\s*(.*?)\s*$/.exec(pair))
  if (pairs.some(pair => pair === null)) return text
  return Object.fromEntries(pairs.map(pair => [pair?.[1] ?? '', parseValue(pair?.[2] ?? '')]))
}

/** The same back: pairs, lists as words, or JSON where a value is an object itself. */
export function mapText(value: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(value)
  if (entries.some(([, one]) => typeof one === 'object' && !Array.isArray(one))) return JSON.stringify(value)
  return entries
    .map(([name, one]) => `${name}: ${Array.isArray(one) ? one.map(textOf).join(' ') : textOf(one)}`)
    .join(', ')
}
