import { part } from '@/api/parts'
import type { ConversionReport, Spec } from '@/client/types'
import { sent } from './client'

/** A converted file and the report of how it was made. */
export type Converted = { readonly file: File; readonly report: ConversionReport }

type Question = {
  readonly file: File
  readonly target: string
  readonly source?: string | undefined
  readonly inputShape?: string | undefined
  /** `first`: as a training begins; otherwise the job whose weights they are. */
  readonly weights?: string
}

/** Converts a file; a `CallError` lists every obstacle. */
export async function convert(
  { file, target, source, inputShape, weights }: Question,
  signal?: AbortSignal,
): Promise<Converted> {
  const form = new FormData()
  form.set('file', file)
  form.set('target', target)
  if (source) form.set('source', source)
  if (inputShape) form.set('input_shape', inputShape)
  if (weights === 'first') form.set('initial_weights', 'true')
  else if (weights) form.set('weights', await weightsOf(weights, signal), 'weights.safetensors')
  const response = await sent('/api/v1/conversions', { method: 'POST', body: form, signal: signal ?? null })
  return unpacked(new Uint8Array(await response.arrayBuffer()))
}

async function weightsOf(job: string, signal?: AbortSignal): Promise<Blob> {
  const path = `/api/v1/jobs/${encodeURIComponent(job)}/weights?format=safetensors`
  return (await sent(path, { signal: signal ?? null })).blob()
}

async function unpacked(zip: Uint8Array): Promise<Converted> {
  const { strFromU8, unzipSync } = await part(() => import('fflate'))
  const members = unzipSync(zip)
  const report: ConversionReport = JSON.parse(strFromU8(members['report.json'] ?? new Uint8Array()))
  const bytes = members[report.file] ?? new Uint8Array()
  return { file: new File([bytes.slice().buffer], report.file), report }
}

export async function readFile(file: File, source?: string, inputShape?: string, signal?: AbortSignal) {
  const { file: made, report } = await convert({ file, target: 'native', source, inputShape }, signal)
  const spec: Spec = JSON.parse(await made.text())
  return { spec, report }
}

/** Reads a file that the gateway fetches from an address. */
export async function readUrl(url: string, source?: string, inputShape?: string, signal?: AbortSignal) {
  const body = JSON.stringify({
    url,
    target: 'native',
    ...(source ? { source } : {}),
    ...(inputShape ? { input_shape: JSON.parse(inputShape) } : {}),
  })
  const headers = { 'Content-Type': 'application/json' }
  const response = await sent('/api/v1/conversions/from-url', { method: 'POST', headers, body, signal: signal ?? null })
  const { file: made, report } = await unpacked(new Uint8Array(await response.arrayBuffer()))
  const spec: Spec = JSON.parse(await made.text())
  return { spec, report }
}

type Export = { readonly target: string; readonly weights?: string }

export async function exportSpec(spec: Spec, wanted: Export, signal?: AbortSignal): Promise<Converted> {
  const stem = spec.name.replace(/[^\p{L}\p{N}_-]+/gu, '-') || 'model'
  const file = new File([JSON.stringify(spec)], `${stem}.json`, { type: 'application/json' })
  return convert({ file, ...wanted, source: 'native' }, signal)
}

/** A stored version's spec as the server has it. */
export async function readStored({ id, version }: { id: string; version: number }, file: string): Promise<File> {
  const path = `/api/v1/models/${encodeURIComponent(id)}/export?format=native&version=${version}`
  return new File([await (await sent(path, {})).blob()], file, { type: 'application/json' })
}

/** Gives the file to the browser to save. */
export function download(file: File): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = file.name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
