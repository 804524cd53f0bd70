/** A grey picture, row by row; 0 is paper, 255 ink. */
export type Grey = { readonly width: number; readonly height: number; readonly data: Float32Array }

type Box = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }

/** Fainter than this is no ink. */
const INK = 8
/** From this side on the pictures are as those of MNIST: a margin, and the centre of mass in the middle. */
const MNIST_LIKE = 16
const MNIST_SHARE = 20 / 28

/** The picture in another size: each pixel is the mean of the area that it covers. */
export function resized(from: Grey, width: number, height: number): Grey {
  const across = resizedRows(from.data, from.width, from.height, width)
  const turned = transposed(across, width, from.height)
  const down = resizedRows(turned, from.height, width, height)
  return { width, height, data: transposed(down, height, width) }
}

function resizedRows(data: Float32Array, width: number, rows: number, wanted: number): Float32Array {
  const made = new Float32Array(wanted * rows)
  const step = width / wanted
  for (let x = 0; x < wanted; x++) {
    const start = x * step
    const end = start + step
    for (let at = Math.floor(start); at < Math.min(width, Math.ceil(end - 1e-9)); at++) {
      const share = (Math.min(end, at + 1) - Math.max(start, at)) / step
      for (let y = 0; y < rows; y++) {
        made[y * wanted + x] = (made[y * wanted + x] ?? 0) + share * (data[y * width + at] ?? 0)
      }
    }
  }
  return made
}

function transposed(data: Float32Array, width: number, height: number): Float32Array {
  const made = new Float32Array(data.length)
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) made[x * height + y] = data[y * width + x] ?? 0
  return made
}

/** Where there is ink; null on an empty sheet. */
export function inkBox({ width, height, data }: Grey): Box | null {
  const box = { left: width, top: height, right: 0, bottom: 0 }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if ((data[y * width + x] ?? 0) < INK) continue
      box.left = Math.min(box.left, x)
      box.right = Math.max(box.right, x + 1)
      box.top = Math.min(box.top, y)
      box.bottom = Math.max(box.bottom, y + 1)
    }
  }
  return box.right > box.left ? box : null
}

function cropped({ width, data }: Grey, box: Box): Grey {
  const made = { width: box.right - box.left, height: box.bottom - box.top }
  const rows = Array.from({ length: made.height }, (_, y) =>
    data.subarray((box.top + y) * width + box.left, (box.top + y) * width + box.right),
  )
  const out = new Float32Array(made.width * made.height)
  rows.forEach((row, y) => {
    out.set(row, y * made.width)
  })
  return { ...made, data: out }
}

/**
 * A drawn figure as handwriting data hold it: cut out, scaled with its proportions kept, put in the middle.
 *
 * As in MNIST the longer side is 20/28 of the picture and the centre of mass is in the middle; small pictures (the UCI
 * digits of 8 x 8) are filled from edge to edge.
 */
export function centred(drawn: Grey, width: number, height: number): Grey {
  const box = inkBox(drawn)
  const sheet = { width, height, data: new Float32Array(width * height) }
  if (!box) return sheet
  const figure = cropped(drawn, box)
  const large = Math.min(width, height) >= MNIST_LIKE
  const room = large ? MNIST_SHARE : 1
  const scale = Math.min((width * room) / figure.width, (height * room) / figure.height)
  const size = { w: Math.max(1, Math.round(figure.width * scale)), h: Math.max(1, Math.round(figure.height * scale)) }
  const small = resized(figure, size.w, size.h)
  const [middleX, middleY] = large ? massCentre(small) : [size.w / 2, size.h / 2]
  const left = clamp(Math.round(width / 2 - middleX), 0, width - size.w)
  const top = clamp(Math.round(height / 2 - middleY), 0, height - size.h)
  for (let y = 0; y < size.h; y++) {
    sheet.data.set(small.data.subarray(y * size.w, (y + 1) * size.w), (top + y) * width + left)
  }
  return sheet
}

const clamp = (value: number, least: number, most: number) => Math.max(least, Math.min(most, value))

export function massCentre({ width, height, data }: Grey): [number, number] {
  let mass = 0
  let x = 0
  let y = 0
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const value = data[row * width + column] ?? 0
      mass += value
      x += value * (column + 0.5)
      y += value * (row + 0.5)
    }
  }
  return mass === 0 ? [width / 2, height / 2] : [x / mass, y / mass]
}

/** One channel of a canvas' pixels on white paper; `grey` weighs the colours as the eye does. */
export function channelOf(rgba: Uint8ClampedArray, width: number, height: number, channel: 0 | 1 | 2 | 'grey'): Grey {
  const data = new Float32Array(width * height)
  for (let at = 0; at < data.length; at++) {
    const [r, g, b] = [rgba[at * 4] ?? 0, rgba[at * 4 + 1] ?? 0, rgba[at * 4 + 2] ?? 0]
    data[at] = channel === 'grey' ? 0.299 * r + 0.587 * g + 0.114 * b : ([r, g, b][channel] ?? 0)
  }
  return { width, height, data }
}

export function inverted({ width, height, data }: Grey): Grey {
  return { width, height, data: data.map(value => 255 - value) }
}

/** The values of a picture's channels, pixel by pixel: whole numbers to 255, or shares of 1 for floats. */
export function tensorOf(channels: readonly Grey[], floats: boolean): number[] {
  const size = channels[0]?.data.length ?? 0
  const made: number[] = []
  for (let at = 0; at < size; at++) {
    for (const { data } of channels) {
      const value = clamp(Math.round(data[at] ?? 0), 0, 255)
      made.push(floats ? Number((value / 255).toPrecision(6)) : value)
    }
  }
  return made
}
