import type { Group, Layer } from '@/client/types'
import { type Doc, NODE_HEIGHT, NODE_WIDTH, type Point } from './doc'
import { type Frame, framesOf } from './frames'
import { edgesOf } from './graph'
import { anchorOf, type Box, foldedSpec, GROUP_ID, hiddenBy, shownGroups } from './groups'
import { linesOf, notesOf } from './notes'
import { cut, escaped } from './svg'

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
  /** The number of parameters as text, where there are any. */
  readonly countOf: (layers: readonly string[]) => string | undefined
  /** What is told of a folded group. */
  readonly layersText: (count: number) => string
}

const MARGIN = 32
const LINE = 17
const LEAST_WIDTH = 420

/**
 * The network as it lies on the canvas, as a picture that needs nothing else: open groups as frames, folded ones as one
 * node, notes as numbers that are told below.
 */
export function svgOf(doc: Doc, look: Look): { svg: string; width: number; height: number } {
  const { spec, positions } = doc
  const hidden = hiddenBy(spec)
  const folded = shownGroups(spec).folded
  const frames = framesOf(spec, positions)
  const layers = spec.layers.filter(layer => !hidden.has(layer.name) && positions[layer.name])
  const places: Record<string, Point> = Object.fromEntries([
    ...layers.map(({ name }) => [name, positions[name]]),
    ...folded.map(group => [GROUP_ID + group.name, anchorOf(positions, group)]),
  ])
  const notes = notesOf(layers)
  const drawn = extentOf(Object.values(places), frames)
  const [left, top] = [drawn.left - MARGIN, drawn.top - MARGIN]
  const width = Math.max(drawn.right - drawn.left, notes.length > 0 ? LEAST_WIDTH : 0) + 2 * MARGIN
  const told = linesOf(notes, width - 2 * MARGIN)
  const height = drawn.bottom - drawn.top + 2 * MARGIN + (told.length > 0 ? told.length * LINE + MARGIN / 2 : 0)
  const edges = edgesOf(foldedSpec(spec)).flatMap(({ source, target }) => {
    const [from, to] = [places[source], places[target]]
    return from && to ? [curve(from, to)] : []
  })
  const numbers = new Map(notes.map(({ layer }, index) => [layer.name, index + 1]))
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${left} ${top} ${width} ${height}" font-family="${escaped(look.font)}" font-size="12">`,
    `<title>${escaped(spec.name)}</title>`,
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="${look.ground}"/>`,
    ...frames.map(frame => frameShape(frame, look)),
    `<g fill="none" stroke="${look.muted}" stroke-width="1.5">${edges.join('')}</g>`,
    ...layers.map(layer => layerShape(layer, places[layer.name] ?? drawnAt(drawn), numbers.get(layer.name), look)),
    ...folded.map(group => groupShape(group, places[GROUP_ID + group.name] ?? drawnAt(drawn), look)),
    ...told.map((line, row) => {
      const y = drawn.bottom + MARGIN + (row + 0.5) * LINE
      return `<text x="${drawn.left}" y="${y}" font-size="11" fill="${look.text}" xml:space="preserve">${escaped(line)}</text>`
    }),
    '</svg>',
  ].join('\n')
  return { svg, width, height }
}

const drawnAt = ({ left, top }: Box): Point => ({ x: left, y: top })

function extentOf(places: readonly Point[], frames: readonly Frame[]): Box {
  const boxes = [
    ...places.map(({ x, y }) => ({ left: x, top: y, right: x + NODE_WIDTH, bottom: y + NODE_HEIGHT })),
    ...frames.map(frame => frame.box),
  ]
  return boxes.reduce((a, b) => ({
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  }))
}

function curve(from: Point, to: Point): string {
  const [x1, y1] = [from.x + NODE_WIDTH / 2, from.y + NODE_HEIGHT]
  const [x2, y2] = [to.x + NODE_WIDTH / 2, to.y]
  const bend = Math.max(24, Math.abs(y2 - y1) / 2)
  return `<path d="M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}"/>`
}

function frameShape({ group, box: { left, top, right, bottom } }: Frame, look: Look): string {
  const size = `width="${right - left}" height="${bottom - top}"`
  return [
    `<g><rect x="${left}" y="${top}" ${size} rx="12" fill="${look.accent}" fill-opacity="0.05" stroke="${look.line}" stroke-dasharray="4 3"/>`,
    `<text x="${left + 14}" y="${top + 20}" font-weight="600" fill="${look.muted}">${escaped(cut(group.name, (right - left - 28) / 7))}</text></g>`,
  ].join('')
}

function layerShape({ name, type, note }: Layer, at: Point, number: number | undefined, look: Look): string {
  const [shape, count] = [look.shapeOf(name), look.countOf([name])]
  const mark = number === undefined ? '' : noteMark(number, note ?? '', look)
  return [
    `<g transform="translate(${at.x} ${at.y})">`,
    `<rect width="${NODE_WIDTH}" height="${NODE_HEIGHT}" rx="7" fill="${look.surface}" stroke="${look.line}"/>`,
    `<rect width="5" height="${NODE_HEIGHT}" rx="2.5" fill="${look.colourOf(type)}"/>`,
    `<text x="16" y="26" font-weight="600" fill="${look.text}">${escaped(cut(type, count ? 18 : 26))}</text>`,
    count ? right(count, 26, look.muted) : '',
    `<text x="16" y="47" font-size="11" fill="${look.muted}">${escaped(cut(name, shape ? 16 : 30))}</text>`,
    shape ? right(cut(shape, 18), 47, look.accent) : '',
    mark,
    '</g>',
  ].join('')
}

const right = (text: string, y: number, colour: string) =>
  `<text x="${NODE_WIDTH - 10}" y="${y}" font-size="11" text-anchor="end" fill="${colour}">${escaped(text)}</text>`

/** The number of a layer's note, on its corner. */
function noteMark(number: number, note: string, { accent, surface }: Look): string {
  return [
    `<g transform="translate(${NODE_WIDTH} 0)"><title>${escaped(note)}</title>`,
    `<circle r="9" fill="${accent}" stroke="${surface}" stroke-width="2"/>`,
    `<text y="3.5" font-size="10" font-weight="700" text-anchor="middle" fill="${surface}">${number}</text></g>`,
  ].join('')
}

function groupShape(group: Group, at: Point, look: Look): string {
  const count = look.countOf(group.layers)
  const size = `width="${NODE_WIDTH}" height="${NODE_HEIGHT}" rx="7" fill="${look.surface}" stroke="${look.line}"`
  return [
    `<g transform="translate(${at.x} ${at.y})"><rect x="4" y="4" ${size}/><rect ${size} stroke-dasharray="4 3"/>`,
    `<text x="16" y="26" font-weight="600" fill="${look.text}">${escaped(cut(group.name, count ? 18 : 26))}</text>`,
    count ? right(count, 26, look.muted) : '',
    `<text x="16" y="47" font-size="11" fill="${look.muted}">${escaped(look.layersText(group.layers.length))}</text></g>`,
  ].join('')
}
