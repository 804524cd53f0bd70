import type { Catalogue } from '@/api/catalogue'
import type { Layer, LayerParam, RecipeField } from '@/client/types'
import { namedOf, type Params } from '../recipe'

/** Where a search may have a dimension: a field of the recipe, or a parameter of a layer. */
export type Place = {
  /** As the server names it: `params.learning_rate`, `model.layers.fc1.params.units`. */
  readonly name: string
  /** Without what all of its kind begin with: `learning_rate`, `units`. */
  readonly label: string
  readonly kind: 'float' | 'int' | 'choice'
  /** What there is to choose from; null where anything may be written. */
  readonly choices: readonly unknown[] | null
  readonly limits: Limits
  /** What holds now; undefined where nothing is said. */
  readonly value: unknown
  readonly doc: string
}

export type Limits = {
  readonly least?: number | null
  readonly most?: number | null
  readonly above?: boolean | null
  readonly below?: boolean | null
}

type Described = Pick<RecipeField, 'name' | 'kind' | 'doc' | 'default' | 'limits' | 'choices'>

/** The fields of the recipe that a search may vary, those within what is chosen too (`optimizer.momentum`). */
export function placesOfRecipe(fields: readonly RecipeField[], params: Params): readonly Place[] {
  return fields.filter(one => one.searchable).flatMap(one => recipePlaces(one, `params.${one.name}`, params[one.name]))
}

function recipePlaces(field: RecipeField, name: string, given: unknown): readonly Place[] {
  const value = given ?? field.default ?? undefined
  const own = field.kind === 'record' ? [] : [placeOf(field, name, name.replace(/^params\./, ''), value)]
  const held = typeof value === 'string' ? namedOf(value) : ((value ?? {}) as Params)
  const inner = field.kind === 'named' ? (field.options?.[namedOf(value).name] ?? []) : innerOfRecord(field, given)
  return [...own, ...inner.flatMap(one => recipePlaces(one, `${name}.${one.name}`, held[one.name]))]
}

/** A record that is off has no fields to vary. */
const innerOfRecord = (field: RecipeField, given: unknown) =>
  field.kind === 'record' && given !== undefined ? (field.fields ?? []) : []

/** The parameters of a layer that a search may vary. */
export function placesOfLayer(layer: Layer, catalogue: Catalogue): readonly Place[] {
  const params = catalogue.byType.get(layer.type)?.params ?? []
  return params.map(one => {
    const value = layer.params?.[one.name] ?? one.default ?? undefined
    return placeOf(plain(one), `model.layers.${layer.name}.params.${one.name}`, one.name, value)
  })
}

/** An optional number is a number; `none` is left to the one that the network has. */
function plain(param: LayerParam): Described {
  const held = param.kind === 'optional' && param.of ? param.of : param
  return {
    ...param,
    kind: held.kind as RecipeField['kind'],
    limits: held.limits ?? null,
    choices: held.choices ?? null,
  }
}

function placeOf(field: Described, name: string, label: string, value: unknown): Place {
  const { doc } = field
  const limits: Limits = field.limits ?? {}
  if (field.kind === 'int' || field.kind === 'float') {
    return { name, label, kind: field.kind, choices: null, limits, value, doc }
  }
  const choices = field.kind === 'bool' ? [false, true] : field.choices?.length ? field.choices : null
  return { name, label, kind: 'choice', choices, limits, value, doc }
}

/** The layer that a dimension's name tells; null for one of the recipe. */
export function layerOf(name: string): string | null {
  return /^model\.layers\.(.+)\.params\.\w+$/.exec(name)?.[1] ?? null
}

/** `learning_rate`, `fc1.units`: a dimension's name where there is little room. */
export function shortName(name: string): string {
  return name.replace(/^params\./, '').replace(/^model\.layers\.(.+)\.params\.(\w+)$/, '$1.$2')
}
