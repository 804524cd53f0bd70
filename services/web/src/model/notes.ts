import type { Layer } from '@/client/types'

export type Note = { readonly layer: Layer; readonly text: string }

/** About the width of a letter of the notes; those of Chinese take two. */
const LETTER = 6.2
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/

export function notesOf(layers: readonly Layer[]): Note[] {
  return layers.flatMap(layer => (layer.note?.trim() ? [{ layer, text: layer.note.trim() }] : []))
}

/** Notes as numbered lines that fit into a width. */
export function linesOf(notes: readonly Note[], width: number): string[] {
  const most = Math.max(24, Math.floor(width / LETTER))
  return notes.flatMap(({ layer, text }, index) => {
    const lines = `${layer.name}: ${text}`.split(/\r?\n/).flatMap(line => wrapped(line, most - 4))
    return lines.map((line, row) => (row === 0 ? `${index + 1}   ` : '    ') + line)
  })
}

/** A text in lines of at most so many letters, broken between words where that can be. */
function wrapped(text: string, most: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.match(/\s+|[^\s]+/g) ?? []) {
    if (lengthOf(line + word.trimEnd()) > most && line.trim() !== '') {
      lines.push(line.trimEnd())
      line = ''
    }
    line += line === '' ? word.trimStart() : word
    for (let rest = overhang(line, most); rest !== null; rest = overhang(line, most)) {
      lines.push(line.slice(0, line.length - rest.length))
      line = rest
    }
  }
  return [...lines, line.trimEnd()]
}

const lengthOf = (text: string) => [...text].reduce((sum, one) => sum + (WIDE.test(one) ? 2 : 1), 0)

/** What of a line without a space goes beyond its end. */
function overhang(line: string, most: number): string | null {
  let length = 0
  let at = 0
  for (const one of line) {
    length += WIDE.test(one) ? 2 : 1
    if (length > most) return line.slice(at)
    at += one.length
  }
  return null
}
