import i18next from 'i18next'
import type { Catalogue } from '@/api/catalogue'
import { download } from '@/api/conversions'
import { readSummary } from '@/api/summary'
import type { LayerSummary, Spec } from '@/client/types'
import { svgOf } from '@/model/picture'
import { countText, shapeText } from '@/model/values'
import { currentDoc } from '@/store/editor'
import { groupColour } from '@/ui/groups'

/** Chromium draws no larger canvas. */
const LONGEST_SIDE = 16_000

/** Gives the network to the browser to save, as it lies on the canvas and in the page's colours. */
export async function exportPicture(kind: 'svg' | 'png', { byType }: Catalogue): Promise<void> {
  const doc = currentDoc()
  const layers = await layersOf(doc.spec)
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim()
  const { svg, width, height } = svgOf(doc, {
    ground: colour('ground'),
    surface: colour('surface'),
    line: colour('line-strong'),
    text: colour('text'),
    muted: colour('muted'),
    accent: colour('accent-text'),
    font: 'system-ui, sans-serif',
    colourOf: type => colour(groupColour(byType.get(type)?.group)),
    shapeOf: name => layers.get(name)?.output_shapes.map(shapeText).join(' | '),
    countOf: names => {
      const params = names.reduce((sum, name) => sum + (layers.get(name)?.params ?? 0), 0)
      return params > 0 ? countText(params) : undefined
    },
    layersText: count => i18next.t('canvas:groupOf', { count }),
  })
  const stem = doc.spec.name.replace(/[^\p{L}\p{N}_-]+/gu, '-') || 'model'
  const file = new File([svg], `${stem}.svg`, { type: 'image/svg+xml' })
  download(kind === 'svg' ? file : new File([await painted(file, width, height)], `${stem}.png`, { type: 'image/png' }))
}

/** Shapes and counts by layer; none where the network has problems, which is no reason to have no picture. */
async function layersOf(spec: Spec): Promise<Map<string, LayerSummary>> {
  try {
    return new Map((await readSummary(spec)).layers.map(one => [one.name, one]))
  } catch {
    return new Map()
  }
}

/** The SVG as a PNG, twice as fine where it fits. */
async function painted(file: File, width: number, height: number): Promise<Blob> {
  const scale = Math.min(2, LONGEST_SIDE / Math.max(width, height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.ceil(width * scale)
  canvas.height = Math.ceil(height * scale)
  const picture = new Image()
  picture.src = URL.createObjectURL(file)
  await picture.decode()
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
  URL.revokeObjectURL(picture.src)
  const made = await new Promise<Blob | null>(resolve => canvas.toBlob(resolve, 'image/png'))
  if (!made) throw new RangeError(`${canvas.width} × ${canvas.height}`)
  return made
}
