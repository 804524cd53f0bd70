import ts from 'typescript'
import { expect, test } from 'vitest'
import { LANGUAGES } from '.'

type Texts = { [key: string]: string | Texts }

const files = import.meta.glob<Texts>('./*/*.json', { eager: true, import: 'default' })
const sources = import.meta.glob<string>(['../**/*.{ts,tsx}', '!../**/*.test.*', '!../testing/**', '!../client/**'], {
  eager: true,
  query: '?raw',
  import: 'default',
})

const flat = (texts: Texts, prefix = ''): [string, string][] =>
  Object.entries(texts).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[prefix + key, value]] : flat(value, `${prefix}${key}.`),
  )

function textsOf(language: string): Map<string, string> {
  const own = Object.entries(files).filter(([path]) => path.startsWith(`./${language}/`))
  return new Map(own.flatMap(([path, texts]) => flat(texts, `${path.replace(/^.*\/|\.json$/g, '')}:`)))
}

const ENGLISH = textsOf('en')
const holes = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map(([, name]) => name).sort()

test.each(LANGUAGES.map(one => one.code))(
  '%s has the same keys as English, with the same holes, and no empty text',
  code => {
    const texts = textsOf(code)
    expect([...texts.keys()].sort()).toEqual([...ENGLISH.keys()].sort())
    for (const [key, text] of texts) {
      expect(text.trim(), key).not.toBe('')
      expect(holes(text), key).toEqual(holes(ENGLISH.get(key) ?? ''))
    }
  },
)

test('Chinese is Chinese', () => {
  const texts = [...textsOf('zh-CN')].filter(
    ([key]) =>
      !['app:title', 'panel:gib', 'panel:unknown', 'canvas:node', 'datasets:sentOf', 'files:line'].includes(key),
  )
  expect(texts.filter(([, text]) => !/\p{Script=Han}/u.test(text))).toEqual([])
})

test('Chinese has punctuation of its own', () => {
  const texts = [...textsOf('zh-CN')].filter(([, text]) => /\p{Script=Han}[,:;?!(]|[,:;!)]\p{Script=Han}/u.test(text))
  expect(texts).toEqual([])
})

test('every key that the code names exists', () => {
  const named = Object.values(sources).flatMap(source =>
    [...source.matchAll(/\bt\(\s*'([^']+)'/g)].map(([, key]) => key ?? ''),
  )
  expect(named.length).toBeGreaterThan(80)
  const missing = named.filter(key => !ENGLISH.has(key) && !ENGLISH.has(`${key}_one`))
  expect(missing).toEqual([])
})

/** Keys that the code puts together, `jobs:state.${state}`, up to the part that differs. */
const heads = (source: string) => [...source.matchAll(/`(\w+:[\w.]*)\$\{[^}]+\}`/g)].map(([, head]) => head ?? '')

/** What a key that begins so can be: the texts and groups of its folder whose names go on as the head does. */
function under(language: string, head: string): [string, string | Texts][] {
  const [file, path = ''] = head.split(':')
  const names = path.split('.')
  const start = names.pop() ?? ''
  const folder = names.reduce<string | Texts | undefined>(
    (at, name) => (typeof at === 'object' ? at[name] : undefined),
    files[`./${language}/${file}.json`],
  )
  return Object.entries(typeof folder === 'object' ? folder : {}).filter(([name]) => name.startsWith(start))
}

const objects = (language: string, head: string) =>
  under(language, head).flatMap(([name, value]) => (typeof value === 'string' ? [] : [`${head}${name}`]))

test.each(LANGUAGES.map(one => one.code))('in %s every key that the code puts together is a text', code => {
  const found = [...new Set(Object.values(sources).flatMap(heads))].filter(
    head => files[`./en/${head.split(':')[0]}.json`],
  )
  expect(found.length).toBeGreaterThan(25)
  expect(found.filter(head => under(code, head).length === 0)).toEqual([])
  expect(found.flatMap(head => objects(code, head))).toEqual([])
})

test('a key that is a group of texts would be found', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code to be read
  expect(heads('t(`jobs:${name}`)')).toEqual(['jobs:'])
  expect(objects('en', 'jobs:')).toContain('jobs:state')
})

/** Attributes that people read or hear. */
const READ = new Set(['title', 'label', 'aria-label', 'placeholder', 'alt'])

/** The text that a node shows to people; undefined where it shows none. */
function readText(node: ts.Node, file: ts.SourceFile): string | undefined {
  if (ts.isJsxText(node)) return node.text
  if (ts.isJsxAttribute(node)) {
    const value = node.initializer
    return READ.has(node.name.getText(file)) && value && ts.isStringLiteral(value) ? value.text : undefined
  }
  const shown = ts.isJsxExpression(node) && !ts.isJsxAttribute(node.parent) ? node.expression : undefined
  return shown && ts.isStringLiteral(shown) ? shown.text : undefined
}

function hardCoded(path: string, source: string): string[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    const text = readText(node, file)
    if (text !== undefined && /\p{L}{2,}/u.test(text)) found.push(`${path}: ${text.trim()}`)
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

test('no text is written into the code', () => {
  const components = Object.entries(sources).filter(([path]) => path.endsWith('.tsx'))
  expect(components.length).toBeGreaterThan(25)
  expect(components.flatMap(([path, source]) => hardCoded(path, source))).toEqual([])
})

test('a text in the code would be found', () => {
  expect(hardCoded('x.tsx', '<b title="Name">Hello {"you there"}</b>')).toHaveLength(3)
})
