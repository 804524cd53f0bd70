import type { Params } from '../recipe'

/** Fields that count only where another has one of these values. */
const ONLY_WITH: Readonly<Record<string, readonly [field: string, values: readonly string[]]>> = {
  stages: ['search', ['coarse_to_fine']],
  min_epochs: ['pruner', ['median', 'asha']],
  reduction: ['pruner', ['asha']],
}

/** Whether a field of a search counts, with what else is set. */
export function counts(name: string, params: Params): boolean {
  const rule = ONLY_WITH[name]
  return rule === undefined || rule[1].includes(String(params[rule[0]]))
}

/** The params without those that do not count. */
export function needed(params: Params): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).filter(([name]) => counts(name, params)))
}
