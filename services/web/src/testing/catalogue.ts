import type { Layer, LayerType, Spec } from '@/client/types'
import type { Doc } from '@/model/doc'

const type = (name: string, least: number, most: number | null, params: Record<string, unknown> = {}): LayerType => ({
  type: name,
  group: 'common',
  doc: `What ${name} does.`,
  palette: true,
  block: false,
  params: Object.keys(params).map(param => ({ name: param, kind: 'int', type: 'an integer', required: true, doc: '' })),
  ports: { least, most, names: [] },
  weights: [],
  example: { inputs: [], params },
  formats: ['keras'],
})

/** Four types that differ in what they take: nothing, one input, two, any number. */
export const INPUT = type('Input', 0, 0, { shape: [784] })
export const DENSE = type('Dense', 1, 1, { units: 10 })
export const DOT = type('Dot', 2, 2)
export const ADD = type('Add', 2, null)
export const CATALOGUE: ReadonlyMap<string, LayerType> = new Map([INPUT, DENSE, DOT, ADD].map(one => [one.type, one]))

export const layer = (name: string, type: string, inputs: string[] = [], rest: Partial<Layer> = {}): Layer => ({
  name,
  type,
  inputs,
  params: {},
  ...rest,
})

export function docOf(layers: Layer[], outputs: string[] = []): Doc {
  const spec: Spec = { visualnn: 1, name: 'test', layers, outputs }
  return { spec, positions: Object.fromEntries(layers.map(({ name }, index) => [name, { x: 0, y: index * 108 }])) }
}

/** a -> b -> c. */
export const chain = () => docOf([layer('a', 'Input'), layer('b', 'Dense', ['a']), layer('c', 'Dense', ['b'])], ['c'])
