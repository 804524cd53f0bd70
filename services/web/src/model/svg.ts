export const cut = (text: string, most: number) =>
  text.length > most ? `${text.slice(0, Math.max(0, Math.floor(most) - 1))}…` : text

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }
/** As XML, without the control characters that it cannot hold. */
export const escaped = (text: string) =>
  [...text]
    .filter(one => one >= ' ' && one < '\ufffe')
    .map(one => ENTITIES[one] ?? one)
    .join('')
