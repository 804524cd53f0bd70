import { type Doc, NODE_HEIGHT, NODE_WIDTH, type Point } from './doc'
import { edgesOf } from './graph'

/** How a picture of a network looks; colours are those of the page. */
export type Look = {
  readonly ground: string
  readonly surface: string
  readonly line: string
  readonly text: string
  readonly muted: string
  readonly accent: string
  readonly font: string
  /** Of a layer's type. */
  readonly colourOf: (type: string) => string
  /** Of a layer's output, where it is known. */
  readonly shapeOf: (layer: string) => string | undefined
}

const MARGIN = 32

/** The network as it lies on the canvas, as a picture that needs nothing else. */
export function svgOf({ spec, positions }: Doc, look: Look): { svg: string; width: number; height: number } {
  const places = Object.values(positions)
  const left = Math.min(...places.map(place => place.x)) - MARGIN
  const top = Math.min(...places.map(place => place.y)) - MARGIN
  const width = Math.max(...places.map(place => place.x)) + NODE_WIDTH + MARGIN - left
  const height = Math.max(...places.map(place => place.y)) + NODE_HEIGHT + MARGIN - top
  const edges = edgesOf(spec).flatMap(({ source, target }) => {
    const [from, to] = [positions[source], positions[target]]
    return from && to ? [curve(from, to)] : []
  })
  const nodes = spec.layers.flatMap(({ name, type }) => {
    const place = positions[name]
    return place ? [node(place, name, type, look)] : []
  })
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${left} ${top} ${width} ${height}" font-family="${escaped(look.font)}" font-size="12">`,
    `<title>${escaped(spec.name)}</title>`,
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="${look.ground}"/>`,
    `<g fill="none" stroke="${look.muted}" stroke-width="1.5">${edges.join('')}</g>`,
    ...nodes,
    '</svg>',
  ].join('\n')
  return { svg, width, height }
}

function curve(from: Point, to: Point): string {
  const [x1, y1] = [from.x + NODE_WIDTH / 2, from.y + NODE_HEIGHT]
  const [x2, y2] = [to.x + NODE_WIDTH / 2, to.y]
  const bend = Math.max(24, Math.abs(y2 - y1) / 2)
  return `<path d="M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}"/>`
}

function node({ x, y }: Point, name: string, type: string, look: Look): string {
  const shape = look.shapeOf(name)
  return [
    `<g transform="translate(${x} ${y})">`,
    `<rect width="${NODE_WIDTH}" height="${NODE_HEIGHT}" rx="7" fill="${look.surface}" stroke="${look.line}"/>`,
    `<rect width="5" height="${NODE_HEIGHT}" rx="2.5" fill="${look.colourOf(type)}"/>`,
    `<text x="16" y="26" font-weight="600" fill="${look.text}">${escaped(cut(type, 28))}</text>`,
    `<text x="16" y="47" font-size="11" fill="${look.muted}">${escaped(cut(name, shape ? 16 : 30))}</text>`,
    shape
      ? `<text x="${NODE_WIDTH - 10}" y="47" font-size="11" text-anchor="end" fill="${look.accent}">${escaped(cut(shape, 18))}</text>`
      : '',
    '</g>',
  ].join('')
}

const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text)

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }
/** As XML, without the control characters that it cannot hold. */
const escaped = (text: string) =>
  [...text]
    .filter(one => one >= ' ' && one < '\ufffe')
    .map(one => ENTITIES[one] ?? one)
    .join('')
