import { expect, test } from 'vitest'
import { reasons, teller } from './told'

const tables = import.meta.glob<Record<string, string>>('./told/zh-CN/*.json', { eager: true, import: 'default' })
const all: Record<string, string> = Object.assign({}, ...Object.values(tables))
const told = teller({
  'an integer of at least {}': '至少为 {} 的整数',
  '{} must be {}': '{} 必须是{}',
  'samples of {} in {}': '{1} 中 {0} 的样本',
  '{}, {}': '{}、{}',
})

test.each([
  ['units must be an integer of at least 1', 'units 必须是至少为 1 的整数'],
  ['samples of a in b', 'b 中 a 的样本'],
  ['nobody knows this', 'nobody knows this'],
  ['', ''],
])('%s is told as %s', (text, said) => {
  expect(told(text)).toBe(said)
})

test('reasons that stand together are said one by one where each is known, else as a whole', () => {
  const chinese = teller(all)
  const known = [
    'input takes 64, samples are 8 x 8: the same values, reshaped',
    '8-bit values of x are scaled from 0-255 to 0-1',
  ]
  expect(reasons(known.join('; '), chinese)).toBe(known.map(chinese).join('; '))
  expect(reasons(known.join('; '), chinese)).not.toMatch(/reshaped|scaled/)
  expect(reasons('one; units must be 3', told)).toBe('one; units 必须是3')
  expect(reasons('nobody; knows', told)).toBe('nobody; knows')
})

test('what has no words of its own fits no sentence', () => {
  expect(told('one thing, and another thing')).toBe('one thing, and another thing')
})

test('a very long text is left alone, and quickly', () => {
  const long = `${'a must be '.repeat(200)}b`
  expect(told(long)).toBe(long)
})

test('Chinese texts have Chinese punctuation', () => {
  expect(Object.keys(all).length).toBeGreaterThan(1000)
  const plain = Object.entries(all).map(([text, said]) => [text, said.replace(/\[[^\]]*\]/g, '')] as const) // not in code
  const odd = plain.filter(([, said]) => /\p{Script=Han}[,:;?!(]|[,:;!)]\p{Script=Han}/u.test(said))
  expect(odd).toEqual([])
})

test.each([
  "the text must be JSON: Expecting ',' delimiter (column 14)",
  'Unterminated string starting at, at column 16',
  'a newer VisualNN made this: update this one to open it',
])('of text that cannot be read, the reader says why in Chinese: %s', text => {
  const words = teller(all)(text).replace('VisualNN', '').replace('JSON', '')
  expect(words).toMatch(/\p{Script=Han}/u)
  expect(words).not.toMatch(/[a-z]/i)
})
