import { expect, test } from 'vitest'

const sources = import.meta.glob<string>(['./**/*.{ts,tsx,css}', '!./client/schema.ts'], {
  eager: true,
  query: '?raw',
  import: 'default',
})
const imports = (source: string) => [...source.matchAll(/from '([^']+)'/g)].map(([, name]) => name ?? '')

test('no file is longer than 300 lines', () => {
  const long = Object.entries(sources).filter(([, text]) => text.split('\n').length > 300)
  expect(long.map(([path]) => path)).toEqual([])
})

test('the model knows neither React nor the server nor the screen', () => {
  const model = Object.entries(sources).filter(([path]) => path.startsWith('./model/') && !path.endsWith('.test.ts'))
  expect(model.length).toBeGreaterThan(6)
  for (const [path, source] of model) {
    const foreign = imports(source).filter(name => !name.startsWith('./') && name !== '@/client/types')
    expect(foreign, path).toEqual([])
  }
})

test('server types come from the generated file only', () => {
  const users = Object.entries(sources).filter(([, source]) => imports(source).some(name => name.endsWith('/schema')))
  expect(users.map(([path]) => path).sort()).toEqual([
    './api/client.ts',
    './client/types.ts',
    './panel/NetworkPanel.tsx',
  ])
})
