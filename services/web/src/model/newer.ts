import type { Group, Layer, Problem, Spec } from '@/client/types'

/** A spec that holds what this editor does not know: its own bytes, and what of it cannot be understood. */
export type Newer = {
  /** As it came, byte for byte, and the name of its file. */
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly file: string
  /** The document's version, where it is a later one. */
  readonly version: number | null
  readonly types: readonly string[]
  readonly keys: readonly string[]
  readonly problems: readonly Problem[]
}

type Json = Readonly<Record<string, unknown>>
export type Found = { readonly spec: Spec; readonly newer: Newer }

const VERSION = 1
const SPEC_KEYS: ReadonlySet<string> = new Set<keyof Spec>(['visualnn', 'name', 'layers', 'outputs', 'groups'])
const LAYER_KEYS: ReadonlySet<string> = new Set<keyof Layer>(['name', 'type', 'params', 'inputs', 'weights_of', 'note'])
const GROUP_KEYS: ReadonlySet<string> = new Set<keyof Group>(['name', 'layers', 'folded'])
/** As the server's: no spec is larger. */
const MOST = 16 * 2 ** 20

/**
 * What can be drawn of a document that holds more than is known here, in a form that is known; null where all of it is
 * known, or where it is no spec at all. `knows` tells whether a layer type is in the catalogue.
 */
export function newerIn(bytes: Uint8Array<ArrayBuffer>, file: string, knows: (type: string) => boolean): Found | null {
  const data = bytes.length > MOST ? null : parsed(bytes)
  if (!isObject(data) || !isCount(data.visualnn) || !Array.isArray(data.layers)) return null
  const layers = data.layers.map(drawn)
  if (layers.length === 0 || !layers.every(layer => layer !== null)) return null
  if (new Set(layers.map(layer => layer.name)).size < layers.length) return null
  const version = data.visualnn > VERSION ? data.visualnn : null
  const types = [...new Set(layers.map(layer => layer.type).filter(type => !knows(type)))]
  const foreign = foreignKeys(data, layers)
  if (version === null && types.length === 0 && foreign.length === 0) return null
  const keys = [...new Set(foreign.map(one => String(one.received)))]
  const problems = [...(version === null ? [] : [laterVersion(version)]), ...foreign]
  return { spec: specOf(data, layers), newer: { bytes, file, version, types, keys, problems } }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return null
  }
}

function specOf(data: Json, layers: Layer[]): Spec {
  const groups = Array.isArray(data.groups) ? data.groups.flatMap(groupIn) : []
  return {
    visualnn: VERSION,
    name: textIn(data.name) || 'untitled',
    layers,
    outputs: textsIn(data.outputs),
    ...(groups.length > 0 ? { groups } : {}),
  }
}

function drawn(value: unknown): Layer | null {
  if (!isObject(value) || !textIn(value.name) || !textIn(value.type)) return null
  return {
    name: textIn(value.name),
    type: textIn(value.type),
    params: isObject(value.params) ? { ...value.params } : {},
    inputs: textsIn(value.inputs),
    ...(textIn(value.weights_of) ? { weights_of: textIn(value.weights_of) } : {}),
    ...(textIn(value.note) ? { note: textIn(value.note) } : {}),
  }
}

function groupIn(value: unknown): Group[] {
  if (!isObject(value) || !textIn(value.name)) return []
  const layers = textsIn(value.layers)
  return layers.length === 0 ? [] : [{ name: textIn(value.name), layers, folded: value.folded === true }]
}

/** Keys that stand for something here unknown, each as the problem that the server would tell. */
function foreignKeys(data: Json, layers: readonly Layer[]): Problem[] {
  const of = (owner: unknown, known: ReadonlySet<string>, what: string, path: string, layer: string | null) =>
    !isObject(owner)
      ? []
      : Object.keys(owner)
          .filter(key => !known.has(key))
          .map(key => problem(`a key must be one that a ${what} has`, key, layer, path + key))
  const inLayers = layers.flatMap(({ name }, index) =>
    of((data.layers as unknown[])[index], LAYER_KEYS, 'layer', `layers[${index}].`, name),
  )
  const groups = Array.isArray(data.groups) ? data.groups : []
  const inGroups = groups.flatMap((group, index) => of(group, GROUP_KEYS, 'group', `groups[${index}].`, null))
  return [...of(data, SPEC_KEYS, 'spec', '', null), ...inLayers, ...inGroups]
}

const laterVersion = (version: number) => ({
  ...problem(`visualnn must be ${VERSION}`, version, null, 'visualnn'),
  hint: 'a newer VisualNN made this: update this one to open it',
})

const problem = (rule: string, received: unknown, layer: string | null, field: string): Problem => ({
  rule,
  received,
  hint: null,
  where: { layer, param: null, field, line: null },
})

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0
const textIn = (value: unknown): string => (typeof value === 'string' ? value : '')
const textsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []
