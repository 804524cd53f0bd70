import { navigate } from 'wouter/use-browser-location'

/** Every page lies below this; the gateway answers there with the editor and nowhere else. */
export const BASE = '/app'

export const HOME = '/'
export const MODELS = `${BASE}/models`
export const OPERATORS = `${BASE}/operators`
export const modelPath = (id: string): string => `${MODELS}/${encodeURIComponent(id)}`
export const versionsPath = (id: string): string => `${modelPath(id)}/versions`
export const operatorPath = (name: string): string => `${OPERATORS}/${encodeURIComponent(name)}`
export const DATASETS = `${BASE}/datasets`
export const JOBS = `${BASE}/jobs`
export const datasetPath = (id: string): string => `${DATASETS}/${encodeURIComponent(id)}`
export const jobPath = (id: string): string => `${JOBS}/${encodeURIComponent(id)}`
/** The list with these jobs marked. */
export const marksPath = (ids: readonly string[]): string =>
  ids.length > 0 ? `${JOBS}?${new URLSearchParams(ids.map(id => ['job', id]))}` : JOBS
export const comparePath = (ids: readonly string[]): string =>
  `${JOBS}/compare?${new URLSearchParams(ids.map(id => ['job', id]))}`

/** Another address without loading the page; what is selected stays behind. */
export function goTo(path: string): void {
  if (location.pathname !== path) navigate(path)
}

const SELECT = 'select'
/** More names than these are not worth an address. */
const MOST_NAMES = 20

/** The layers that the address names: `?select=fc1&select=fc2`. */
export function selectedInAddress(): string[] {
  return new URLSearchParams(location.search).getAll(SELECT)
}

export function putSelectionInAddress(names: readonly string[]): void {
  const params = new URLSearchParams(location.search)
  params.delete(SELECT)
  for (const name of names.slice(0, MOST_NAMES)) params.append(SELECT, name)
  const search = params.toString()
  const next = location.pathname + (search ? `?${search}` : '')
  if (next !== location.pathname + location.search) history.replaceState(history.state, '', next)
}
