import type { TensorSpec } from '@/client/types'
import { sampleSize } from './signature'

/** What is wrong with a text of samples; `values` fill the sentence. */
export class TextProblem extends Error {
  readonly key: 'json' | 'number' | 'count' | 'empty' | 'name'
  readonly values: Readonly<Record<string, string | number>>

  constructor(key: TextProblem['key'], values: TextProblem['values'] = {}) {
    super(key)
    this.key = key
    this.values = values
  }
}

/** Samples from JSON (one, a list, or a whole request) or from rows of numbers, as of a csv file. Throws TextProblem. */
export function samplesOf(text: string, input: TensorSpec): unknown[] {
  const trimmed = text.trim()
  if (trimmed === '') throw new TextProblem('empty')
  return /^[[{]/.test(trimmed) ? fromJson(trimmed, input) : fromRows(trimmed, input)
}

function fromJson(text: string, input: TensorSpec): unknown[] {
  const given = request(parsed(text), input)
  if (!Array.isArray(given)) return [given]
  const size = sampleSize(input)
  // one sample that is not in a list of its own: as deep as a sample, or as many numbers as it has
  const flat = given.length > 0 && given.every(value => typeof value === 'number' || value === null)
  if (flat && (size === null || size > 1 || given.length === 1)) return [given]
  if (input.shape.length > 1 && depth(given) === input.shape.length) return [given]
  return given
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new TextProblem('json', { text: error instanceof Error ? error.message : '' })
  }
}

/** What `{"inputs": [...]}` or `{"inputs": {"left": [...]}}` holds for this input. */
function request(given: unknown, input: TensorSpec): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given) || !('inputs' in given)) return given
  const { inputs } = given
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs)) return inputs
  if (!(input.name in inputs)) throw new TextProblem('name', { name: input.name })
  return (inputs as Record<string, unknown>)[input.name]
}

function depth(value: unknown): number {
  return Array.isArray(value) ? 1 + depth(value[0]) : 0
}

/** A blank between two of these is a value that is missing; between spaces there is none. */
const CELL = /\s*[,;]\s*|\t|[^\S\t]+/

/** A row is a sample; a first row of names is passed over, and numbers over several lines are one sample where that fits. */
function fromRows(text: string, input: TensorSpec): (number | null)[][] {
  const size = sampleSize(input)
  const lines = text.split(/\r?\n/).filter(line => line.trim() !== '')
  const body = lines.length > 1 && areNames(cells(lines[0] ?? '')) ? lines.slice(1) : lines
  const texts = body.map(cells)
  const at = (index: number) => index + 1 + lines.length - body.length
  if (size !== null && size > 1) {
    // one sample over several lines, each with a comma at its end
    const joined = texts.flatMap((row, index) => ended(row).map(cell => numberIn(cell, at(index))))
    if (texts.length > 1 && joined.length === size) return [joined]
  }
  const rows = texts.map((row, index) =>
    (row.length - 1 === size ? ended(row) : row).map(cell => numberIn(cell, at(index))),
  )
  if (size === null) return rows
  const all = rows.flat()
  if (all.length === size) return [all]
  const wrong = rows.findIndex(row => row.length !== size)
  if (wrong >= 0) {
    const received = rows[wrong]?.length ?? 0
    throw new TextProblem('count', { line: at(wrong), size, received })
  }
  return rows
}

const cells = (line: string) => line.replace(/^ +| +$/g, '').split(CELL)
/** Without the blank after a last comma. */
const ended = (row: readonly string[]) => (row.at(-1) === '' ? row.slice(0, -1) : row)

/** Whether a first row names the columns: words, of which one is more than a word for a missing value. */
const areNames = (row: readonly string[]) =>
  row.every(cell => cell === '' || Number.isNaN(Number(cell))) && row.some(cell => !MISSING.test(cell))

const MISSING = /^(|nan|na|n\/a|null|none|missing|\?)$/i

/** null where the cell is blank or says that a value is missing; whether that may be, the operator says. */
function numberIn(cell: string, line: number): number | null {
  if (MISSING.test(cell)) return null
  const value = Number(cell)
  if (!Number.isFinite(value)) throw new TextProblem('number', { line, cell: cell.slice(0, 40) })
  return value
}
