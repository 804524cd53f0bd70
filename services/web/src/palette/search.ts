import type { LayerType } from '@/client/types'
import type { Told } from '@/i18n/told'

const own: Told = text => text

const squeezed = (text: string) => text.toLowerCase().replace(/[^a-z0-9一-鿿]/g, '')

/** How well a layer type fits what was typed: 0 not at all; its name counts more than its description. */
export function score(type: LayerType, typed: string, told: Told = own): number {
  const wanted = squeezed(typed)
  if (wanted === '') return 1
  const name = squeezed(type.type)
  if (name === wanted) return 100
  if (name.startsWith(wanted)) return 80 - name.length / 100
  if (initials(type.type).startsWith(wanted)) return 60
  if (name.includes(wanted)) return 50 - name.length / 100
  if (squeezed(type.doc).includes(wanted) || squeezed(told(type.doc)).includes(wanted)) return 10
  return 0
}

/** `MultiHeadAttention` -> `mha`. */
function initials(type: string): string {
  return (type.match(/[A-Z0-9]/g) ?? []).join('').toLowerCase()
}

export function found(items: readonly LayerType[], typed: string, format: string, told: Told = own): LayerType[] {
  const offered = items.filter(item => item.palette && (format === '' || expressible(item, format)))
  if (typed.trim() === '') return offered
  return offered
    .map(item => ({ item, points: score(item, typed, told) }))
    .filter(one => one.points > 0)
    .sort((a, b) => b.points - a.points || a.item.type.localeCompare(b.item.type))
    .map(one => one.item)
}

/** Inputs are in every format without a map. */
const expressible = (item: LayerType, format: string) => item.formats.includes(format) || item.ports.most === 0

/** Groups in the order of the catalogue, the most used first. */
export function grouped(items: readonly LayerType[]): [string, LayerType[]][] {
  const groups = new Map<string, LayerType[]>()
  for (const item of items) {
    const group = groups.get(item.group)
    if (group) group.push(item)
    else groups.set(item.group, [item])
  }
  const rank = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length)
  return [...groups].sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b))
}

const FIRST = ['data', 'common', 'vision', 'activation', 'normalization', 'utility', 'recurrent', 'attention', 'noise']
