/** Parameter values as text in a field, and back. */

/** `[3, 3]` -> `3, 3`; words as they are; anything deeper as JSON. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every(item => typeof item === 'number' || item === null)) {
    return value.map(item => (item === null ? '?' : String(item))).join(', ')
  }
  return JSON.stringify(value)
}

/** The value that a text stands for; undefined where it stands for none. */
export function parseValue(text: string): unknown {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  if (/^[[{"]|^(true|false|null)$/.test(trimmed)) {
    try {
      return JSON.parse(trimmed)
    } catch {
      return trimmed
    }
  }
  const parts = trimmed.split(/\s*[,×x ]\s*/).filter(part => part !== '')
  const numbers = parts.map(numberOf)
  if (numbers.some(one => one === undefined)) return trimmed
  return parts.length === 1 && !trimmed.includes(',') ? numbers[0] : numbers
}

function numberOf(text: string): number | null | undefined {
  if (text === '?') return null
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined
}

/** `[28, 28, 1]` -> `28 × 28 × 1`; a free axis is `?`, a scalar `1`. */
export function shapeText(shape: readonly (number | null)[]): string {
  return shape.length === 0 ? 'scalar' : shape.map(size => size ?? '?').join(' × ')
}

const UNITS = ['', 'k', 'M', 'G', 'T', 'P'] as const

/** 407050 -> `407.1 k`. */
export function countText(count: number): string {
  let value = count
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return unit === 0 ? String(count) : `${value.toPrecision(4).replace(/\.?0+$/, '')} ${UNITS[unit]}`
}

/** 3145728 -> `3 MiB`. */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${units[unit]}`
}
