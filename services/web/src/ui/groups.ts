const KNOWN = new Set([
  'data',
  'common',
  'vision',
  'activation',
  'normalization',
  'utility',
  'recurrent',
  'attention',
  'noise',
  'wrapper',
  'blocks',
  'preprocessing',
  'augmentation',
])

/** The class that colours a group of the catalogue; a group that is new here has the colour of no group. */
export function groupColour(group: string | undefined): string {
  return group !== undefined && KNOWN.has(group) ? `group-${group}` : 'group-other'
}
