/** The link that this window was opened with: its token is in the fragment of the address, which no server sees. */

const KEPT = 'visualnn.share'
export const SHARE_HEADER = 'VisualNN-Share'

type Link = { readonly model: string; readonly token: string }

let link: Link | null = readLink()

/** The token for this model; null where the window was opened without one. */
export const tokenFor = (model: string): string | null => (link?.model === model ? link.token : null)

/** The token for a call: links are for their own model only. */
export function tokenForPath(path: string): string | null {
  const model = /\/api\/v1\/models\/([^/?]+)/.exec(path)?.[1]
  return model ? tokenFor(decodeURIComponent(model)) : null
}

/** Forgets the link, such as when it was revoked. */
export function dropLink(): void {
  link = null
  sessionStorage.removeItem(KEPT)
}

/** Reads the address again; tells whether there is a new link in it. */
export function takeLink(): boolean {
  const found = linkInAddress()
  if (found) link = found
  return found !== null
}

function readLink(): Link | null {
  return linkInAddress() ?? keptLink()
}

function linkInAddress(): Link | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('share')
  const model = /^\/app\/models\/([^/]+)/.exec(location.pathname)?.[1]
  if (!token || !model) return null
  const found = { model: decodeURIComponent(model), token }
  sessionStorage.setItem(KEPT, JSON.stringify(found)) // survives a reload, and ends with the window
  history.replaceState(history.state, '', location.pathname + location.search)
  return found
}

function keptLink(): Link | null {
  try {
    const { model, token } = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null') as Link
    return typeof model === 'string' && typeof token === 'string' ? { model, token } : null
  } catch {
    return null
  }
}
