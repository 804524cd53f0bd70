import type { Spec } from '@/client/types'

/** `Conv2DTranspose` -> `conv2d_transpose`, as Keras names layers. */
export function baseName(type: string): string {
  return type
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/([0-9]D)([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
}

/** `base`, or `base_1`, `base_2`, ... whichever is the first that nobody has. */
export function freeName(base: string, taken: ReadonlySet<string>): string {
  if (!taken.has(base)) return base
  const stem = base.replace(/_\d+$/, '')
  for (let number = 1; ; number += 1) {
    const name = `${stem}_${number}`
    if (!taken.has(name)) return name
  }
}

export function namesOf(spec: Spec): Set<string> {
  return new Set(spec.layers.map(layer => layer.name))
}

/** Why a layer cannot have this name; a key of the `model` texts. */
export function nameProblem(name: string, own: string, spec: Spec): 'nameEmpty' | 'nameTaken' | 'nameColon' | null {
  if (name.trim() === '') return 'nameEmpty'
  if (/:\d+$/.test(name)) return 'nameColon'
  return name !== own && namesOf(spec).has(name) ? 'nameTaken' : null
}
