/** `"fc1"` is a layer's first output, `"slice:1"` the second output of a layer that has several. */
export type Ref = { readonly layer: string; readonly output: number }

const REF = /^(.*):(\d+)$/s

export function parseRef(text: string): Ref {
  const found = REF.exec(text)
  return found ? { layer: found[1] ?? '', output: Number(found[2]) } : { layer: text, output: 0 }
}

export function formatRef(layer: string, output = 0): string {
  return output === 0 ? layer : `${layer}:${output}`
}

export function renamedRef(text: string, from: string, to: string): string {
  const ref = parseRef(text)
  return ref.layer === from ? formatRef(to, ref.output) : text
}
