import type { Upload } from 'tus-js-client'
import { part } from '@/api/parts'
import type { DatasetView } from '@/client/types'
import { reached, refusal, unreachable } from './failure'

const ENDPOINT = '/api/v1/uploads'
const TUS = { 'Tus-Resumable': '1.0.0' }
/** A part: what a lost connection may cost at most. */
const CHUNK = 8 * 2 ** 20
const RETRY_MS = [500, 1000, 2000, 4000, 8000, 15_000, 30_000]

/** An upload that broke off: this browser knows where it goes on, given the same file again. */
export type Unfinished = {
  readonly key: string
  readonly url: string
  readonly name: string
  readonly size: number
  /** How many bytes the server has. */
  readonly have: number
}

export type Sending = {
  /** Stops sending; what has come stays on the server. */
  readonly pause: () => void
  readonly goOn: () => void
  /** Stops, and has the server forget what has come. */
  readonly giveUp: () => Promise<void>
}

type Told = {
  readonly onSent: (bytes: number) => void
  /** The connection is lost; it is tried again. */
  readonly onLost: () => void
  readonly onError: (error: unknown) => void
  readonly onWhole: (url: string) => void
}

/** Sends a file in parts (tus 1.0.0), from where an earlier upload of the same file broke off. */
export async function sendFile(file: File, told: Told): Promise<Sending> {
  const { Upload } = await part(() => import('tus-js-client'))
  const upload: Upload = new Upload(file, {
    endpoint: ENDPOINT,
    metadata: { filename: file.name },
    chunkSize: CHUNK,
    retryDelays: RETRY_MS,
    onProgress: told.onSent,
    onShouldRetry: (error, tried) => {
      const status = error.originalResponse?.getStatus() ?? 0
      const again = status === 0 || status === 409 || status === 423 || status >= 500
      if (again) told.onLost()
      return again && tried < RETRY_MS.length
    },
    onError: error => told.onError(failed(error)),
    onSuccess: () => told.onWhole(upload.url ?? ''),
  })
  const begin = async () => {
    const [before] = await upload.findPreviousUploads()
    if (before) upload.resumeFromPreviousUpload(before)
    upload.start()
  }
  await begin()
  return {
    pause: () => void upload.abort(),
    goOn: () => void begin(),
    giveUp: () => upload.abort(true).catch(() => undefined), // it is swept after a day
  }
}

/** tus' error as one of ours: the server's problems, or that it cannot be reached. */
function failed(error: unknown): unknown {
  const response = (error as { originalResponse?: { getStatus(): number; getBody(): string } }).originalResponse
  if (!response) return unreachable()
  return refusal(response.getStatus(), parsed(response.getBody()))
}

/** The data set of a file that has come whole. */
export async function storeUploaded(url: string): Promise<DatasetView> {
  const body = JSON.stringify({ upload: url.split('/').pop() })
  const headers = { 'Content-Type': 'application/json' }
  const response = await reached(fetch('/api/v1/datasets', { method: 'POST', headers, body }))
  const answer: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw refusal(response.status, answer)
  return answer as DatasetView
}

/** The uploads of this browser that broke off, with what the server has of them. */
export async function unfinished(): Promise<Unfinished[]> {
  const found = await Promise.all(keptUploads().map(withOffset))
  return found.filter(one => one !== null)
}

export function forget(url: string): void {
  for (const one of keptUploads()) if (one.url === url || url.endsWith(one.url)) localStorage.removeItem(one.key)
}

export async function remove(one: Unfinished): Promise<void> {
  forget(one.url)
  await fetch(one.url, { method: 'DELETE', headers: TUS }).catch(() => undefined) // it is swept after a day
}

/** As tus-js-client keeps them; asked for without loading it. */
function keptUploads(): Omit<Unfinished, 'have'>[] {
  return Object.keys(localStorage)
    .filter(key => key.startsWith('tus::'))
    .flatMap(key => {
      const kept = parsed(localStorage.getItem(key) ?? '') as Kept | undefined
      if (!kept?.uploadUrl) return []
      return [{ key, url: kept.uploadUrl, name: kept.metadata?.filename ?? '', size: kept.size ?? 0 }]
    })
}

type Kept = { uploadUrl?: string; size?: number; metadata?: { filename?: string } }

async function withOffset(one: Omit<Unfinished, 'have'>): Promise<Unfinished | null> {
  try {
    const response = await fetch(one.url, { method: 'HEAD', headers: TUS })
    if (response.status === 404) localStorage.removeItem(one.key)
    return response.ok ? { ...one, have: Number(response.headers.get('Upload-Offset') ?? 0) } : null
  } catch {
    return null
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
