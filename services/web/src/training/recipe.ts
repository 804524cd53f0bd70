import type { Problem, RecipeField } from '@/client/types'
import type { Told } from '@/i18n/told'
import { parseValue, textOf } from '@/model/values'
import { listsValue, mapText, mapValue } from './maps'

/** `params` of a job: what is not there is chosen by the server. */
export type Params = Readonly<Record<string, unknown>>

/** The params with a field set, or left to the server. */
export function withField(params: Params, name: string, value: unknown): Params {
  const { [name]: _before, ...others } = params
  return value === undefined ? others : { ...others, [name]: value }
}

/** What a typed text stands for; undefined where the field is left empty. What is no number stays text, and is refused. */
export function fieldValue(field: RecipeField, typed: string): unknown {
  const text = typed.trim()
  if (text === '') return undefined
  if (field.kind === 'map') return field.of === 'list' ? listsValue(text) : mapValue(text)
  if (field.kind !== 'list') return field.kind === 'text' ? text : parseValue(text)
  if (field.choices?.includes(text)) return text
  const items = text.split(/\s*,\s*/).filter(item => item !== '')
  return field.of === 'text' ? items : items.map(item => parseValue(item))
}

export function fieldText(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(', ')
  return typeof value === 'object' && value !== null ? mapText({ ...value }) : textOf(value)
}

/** The default in words; null where the server chooses. */
export function defaultText(field: RecipeField): string | null {
  const { default: value } = field
  if (value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0))
    return null
  return fieldText(value)
}

type Sorted = { readonly fields: ReadonlyMap<string, string>; readonly others: Problem[] }

/** Problems, in the language of the page, by the path of their field below `params`; the rest belong to the job as a whole. */
export function sorted(problems: readonly Problem[], told: Told): Sorted {
  const fields = new Map<string, string>()
  const others: Problem[] = []
  for (const problem of problems) {
    const path = pathOf(problem)
    if (path === undefined) others.push(problem)
    else fields.set(path, [fields.get(path), sentence(problem, path, told)].filter(Boolean).join(' '))
  }
  return { fields, others }
}

/** Where below `params` a problem lies. */
export function pathOf({ where }: Problem): string | undefined {
  return /^params\.(?:recipe\.)?(.+)$/.exec(where?.field ?? '')?.[1]
}

/** The field's own name is beside it already. */
function sentence({ rule, hint }: Problem, path: string, told: Told): string {
  const name = path.split('.').at(-1) ?? path
  const text = told(rule.replace(/^params\.(\w+\.)*/, ''))
  const rest = text.startsWith(`${name} `) ? text.slice(name.length + 1) : text
  return hint ? `${rest} (${told(hint)})` : rest
}

/** What is wrong with a field or, where `children` have fields of their own, with it as a whole. */
export function errorAt(
  fields: ReadonlyMap<string, string>,
  path: string,
  children: readonly string[] = [],
): string | undefined {
  const own = [...fields].filter(([field]) => field === path || field.startsWith(`${path}.`))
  const rest = own.filter(([field]) => !children.some(name => isAt(field, `${path}.${name}`)))
  return rest.length > 0 ? rest.map(([, rule]) => rule).join(' ') : undefined
}

const isAt = (field: string, path: string) => field === path || field.startsWith(`${path}.`)

export type Named = { readonly name: string } & Params

/** The value of a field that is a name with or without params of its own. */
export function namedOf(value: unknown): Named {
  if (typeof value === 'string') return { name: value }
  const given = value as Partial<Named> | null | undefined
  return typeof given?.name === 'string' ? { ...given, name: given.name } : { name: '' }
}
