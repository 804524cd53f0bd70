import { useQuery } from '@tanstack/react-query'
import type { Layer, LayerSummary, Spec } from '@/client/types'
import { api, got } from './client'
import { readSummary } from './summary'

export type Inside = { readonly spec: Spec; readonly layers: ReadonlyMap<string, LayerSummary> }

/** The layers that blocks stand for, by the block's name; those that share weights come along. */
export async function unfoldBlock(spec: Spec, name: string): Promise<ReadonlyMap<string, readonly Layer[]>> {
  const found = await got(api.POST('/api/v1/unfold', { params: { query: { layer: [name] } }, body: spec }))
  const byName = new Map(found.spec.layers.map(layer => [layer.name, layer]))
  return new Map(
    Object.entries(found.made).map(([block, names]) => [block, names.flatMap(one => byName.get(one) ?? [])]),
  )
}

/** What is inside of a block, with shapes where those of its inputs are known. */
export function useInside(block: Layer, inputs: readonly (readonly (number | null)[] | undefined)[]) {
  const { note: _note, weights_of: _shared, ...plain } = block
  const sources = block.inputs.map(
    (text, at): Layer => ({
      name: `\u2192 ${text}`.replace(/:/g, ' '),
      type: 'Input',
      inputs: [],
      params: { shape: inputs[at] ?? [] },
    }),
  )
  const own: Layer = { ...plain, inputs: sources.map(one => one.name) }
  const spec: Spec = { visualnn: 1, name: 'inside', layers: [...sources, own], outputs: [block.name] }
  return useQuery({
    queryKey: ['inside', JSON.stringify(spec)],
    queryFn: async (): Promise<Inside> => {
      const made = (await unfoldBlock(spec, block.name)).get(block.name) ?? []
      const whole: Spec = { ...spec, layers: [...sources, ...made] }
      const known = await readSummary(whole).catch(() => null) // such as where a shape does not fit
      return { spec: whole, layers: new Map((known?.layers ?? []).map(one => [one.name, one])) }
    },
    staleTime: Number.POSITIVE_INFINITY,
  })
}
