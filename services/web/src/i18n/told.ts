import i18next from 'i18next'
import { useTranslation } from 'react-i18next'

/**
 * What the server says (help, problems, reasons) is English. In another language it is looked up here by its English text;
 * `{}` in a text stands for what differs from one to the next, and is looked up too. What is not found stays English.
 */
export type Told = (text: string) => string

type Table = Readonly<Record<string, string>>
type Pattern = { readonly part: string; readonly find: RegExp; readonly said: string }

const files = import.meta.glob<Table>('./told/*/*.json', { import: 'default' })
const tellers = new Map<string, Told>()

/** Longer texts are not looked at: they are no sentence. */
const LONGEST = 700
const DEEPEST = 4

/** Load what a language has; English has nothing, and needs nothing. */
export async function loadTold(language: string): Promise<void> {
  const own = Object.entries(files).filter(([path]) => path.startsWith(`./told/${language}/`))
  if (tellers.has(language) || own.length === 0) return
  const tables = await Promise.all(own.map(([, load]) => load()))
  tellers.set(language, teller(Object.assign({}, ...tables)))
}

/** Says a text of the server in the language of the page. */
export function useTold(): Told {
  const { i18n } = useTranslation()
  return tellers.get(i18n.language) ?? same
}

/** The same outside of components. */
export const told: Told = text => (tellers.get(i18next.language) ?? same)(text)

/** Several reasons are said one by one where each is known: as a whole they could be taken for another sentence. */
export function reasons(why: string, told: Told): string {
  const parts = why.split('; ')
  const each = parts.map(told)
  return each.every((one, at) => one !== parts[at]) ? each.join('; ') : told(why)
}

const same: Told = text => text

export function teller(table: Table): Told {
  const patterns = Object.entries(table)
    .filter(([text]) => text.includes('{}'))
    .sort(([a], [b]) => letters(b) - letters(a))
    .map(([text, said]): Pattern => ({ part: longest(text.split('{}')), find: pattern(text), said }))
  const known = new Map<string, string>()
  const say = (text: string, depth: number): string => {
    const exact = table[text]
    if (exact !== undefined || depth > DEEPEST || text.length > LONGEST) return exact ?? text
    for (const { part, find, said } of patterns) {
      const holes = text.includes(part) ? find.exec(text)?.slice(1) : undefined // to look for words is quicker
      if (holes)
        return filled(
          said,
          holes.map(hole => say(hole, depth + 1)),
        )
    }
    return text
  }
  return text => {
    const before = known.get(text)
    if (before !== undefined) return before
    const now = say(text, 0)
    if (known.size > 5000) known.clear()
    known.set(text, now)
    return now
  }
}

const longest = (parts: readonly string[]) => parts.reduce((a, b) => (b.length > a.length ? b : a))

const letters = (text: string) => text.replace(/[^\p{L}]/gu, '').length

/** What has few words of its own would fit anything: its holes are single words. */
function pattern(text: string): RegExp {
  const hole = letters(text) < 6 ? '(\\S+)' : '(.+?)'
  const parts = text.split('{}').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join(hole)}$`, 'su')
}

/** `{}` in order, or `{0}`, `{1}` where the order differs. */
function filled(said: string, holes: readonly string[]): string {
  let next = 0
  return said.replace(/\{(\d?)\}/g, (_, index: string) => holes[index === '' ? next++ : Number(index)] ?? '')
}
