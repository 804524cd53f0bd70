import type { TensorSpec } from '@/client/types'
import { samplesOf } from './numbers'
import { penWidth, strokesPicture } from './pen'
import { centred, type Grey, inverted, resized, tensorOf } from './pixels'
import { nested, type PictureForm, pictureShape } from './signature'
import type { Given } from './state'

/** The picture that an input is given, channel by channel; null where there is none yet. */
export function pictureOf(given: Given, form: PictureForm): readonly Grey[] | null {
  if (given.way === 'picture') {
    if (!given.file) return null
    return given.invert ? given.file.channels.map(invertColour) : given.file.channels
  }
  if (given.strokes.length === 0) return null
  const drawn = strokesPicture(given.strokes, penWidth(form))
  const ink = given.centre ? centred(drawn, form.width, form.height) : resized(drawn, form.width, form.height)
  const one = given.bright ? ink : inverted(ink)
  return Array.from({ length: form.channels }, (_, index) => (index === 3 ? opaque(one) : one))
}

const opaque = (like: Grey): Grey => ({ ...like, data: new Float32Array(like.data.length).fill(255) })
const invertColour = (channel: Grey, index: number) => (index === 3 ? channel : inverted(channel))

/** The samples of an input in the form of the request; null where nothing is given yet. Throws TextProblem. */
export function given(input: TensorSpec, value: Given, form: PictureForm | null): unknown[] | null {
  if (value.way === 'numbers' || form === null) return value.text.trim() === '' ? null : samplesOf(value.text, input)
  const channels = pictureOf(value, form)
  if (!channels) return null
  return [nested(tensorOf(channels, input.dtype.startsWith('float')), pictureShape(input, form))]
}
