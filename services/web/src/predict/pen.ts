import type { Grey } from './pixels'
import { channelOf, inverted, resized } from './pixels'
import type { PictureForm } from './signature'

/** A place on the pad, from 0 to 1 both ways. */
export type Place = { readonly x: number; readonly y: number }
/** A line drawn without lifting the pen. */
export type Stroke = readonly Place[]

/** How fine the pad is. */
const PAD = 280

/** The pen's width as a share of the pad: about two of 28 pixels, as in MNIST, and more than one of the 8 of UCI's digits. */
export function penWidth({ width, height }: PictureForm): number {
  return Math.min(width, height) < 16 ? 0.14 : 0.072
}

/** The strokes as a fine grey picture: ink is 255. */
export function strokesPicture(strokes: readonly Stroke[], width: number): Grey {
  const canvas = new OffscreenCanvas(PAD, PAD)
  const pen = penOf(canvas)
  pen.fillStyle = '#fff'
  pen.fillRect(0, 0, PAD, PAD)
  drawStrokes(pen, strokes, { size: PAD, width, colour: '#000' })
  return inverted(channelOf(pen.getImageData(0, 0, PAD, PAD).data, PAD, PAD, 'grey'))
}

type Pen = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D

type Look = { readonly size: number; readonly width: number; readonly colour: string }

export function drawStrokes(pen: Pen, strokes: readonly Stroke[], { size, width, colour }: Look): void {
  pen.lineWidth = width * size
  pen.lineCap = 'round'
  pen.lineJoin = 'round'
  pen.strokeStyle = colour
  for (const stroke of strokes) {
    pen.beginPath()
    stroke.forEach(({ x, y }, index) => {
      if (index === 0) pen.moveTo(x * size, y * size)
      pen.lineTo(x * size + (stroke.length === 1 ? 0.01 : 0), y * size)
    })
    pen.stroke()
  }
}

/** A picture file is not read beyond this: it would be shrunk to some thousand pixels anyway. */
const LARGEST_FILE = 64 * 1024 * 1024

/** The channels of a picture file in the size of the input; what is transparent becomes white. Throws where it is none. */
export async function filePicture(file: Blob, form: PictureForm): Promise<Grey[]> {
  if (file.size > LARGEST_FILE) throw new RangeError('too large')
  const bitmap = await createImageBitmap(file)
  const scale = Math.min(1, 1024 / Math.max(bitmap.width, bitmap.height))
  const width = Math.max(1, Math.round(bitmap.width * scale))
  const height = Math.max(1, Math.round(bitmap.height * scale))
  const pen = penOf(new OffscreenCanvas(width, height))
  pen.fillStyle = '#fff'
  pen.fillRect(0, 0, width, height)
  pen.drawImage(bitmap, 0, 0, width, height)
  bitmap.close()
  const { data } = pen.getImageData(0, 0, width, height)
  const names = form.channels === 1 ? (['grey'] as const) : ([0, 1, 2] as const)
  const channels = names.map(name => resized(channelOf(data, width, height, name), form.width, form.height))
  const opaque = { width: form.width, height: form.height, data: new Float32Array(form.width * form.height).fill(255) }
  return form.channels === 4 ? [...channels, opaque] : channels
}

function penOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const pen = canvas.getContext('2d', { willReadFrequently: true })
  if (!pen) throw new Error('no canvas')
  return pen
}
