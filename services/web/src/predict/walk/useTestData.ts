import { useDataset } from '@/api/datasets'
import type { Samples } from '@/api/operators'
import type { DatasetView, OperatorView, Sample } from '@/client/types'

export type TestData = { readonly dataset: DatasetView; readonly split: 'train' | 'test'; readonly total: number }

/** The data set that an operator learnt from: its test samples, or where it has none, those of training. */
export function useTestData({ lineage, signature }: OperatorView): TestData | null {
  const id = typeof lineage.dataset === 'string' ? lineage.dataset : ''
  const dataset = useDataset(id).data
  if (!dataset) return null
  const known = new Set(dataset.schema.features.map(one => one.name))
  const fits = signature.inputs.length === 1 ? known.size === 1 : signature.inputs.every(one => known.has(one.name))
  const split = dataset.splits.test ? 'test' : 'train'
  const total = dataset.splits[split] ?? 0
  return fits && total > 0 ? { dataset, split, total } : null
}

/** Samples of the data set as the operator's inputs; a single input takes the single feature, whatever their names. */
export function inputsOf(samples: readonly Sample[], { signature }: OperatorView): Samples {
  return Object.fromEntries(
    signature.inputs.map(({ name }) => [name, samples.map(({ inputs }) => inputs[name] ?? Object.values(inputs)[0])]),
  )
}
