/** Colours of lines: tokens of `tokens.css`, for so many lines that people can tell apart. */
const COLORS = [
  '--accent',
  '--group-activation',
  '--group-normalization',
  '--group-attention',
  '--group-vision',
  '--group-noise',
  '--group-recurrent',
  '--group-augmentation',
  '--group-utility',
  '--group-data',
] as const

export const colorOf = (at: number): string => COLORS[at % COLORS.length] ?? '--accent'
