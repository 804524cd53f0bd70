import { create } from 'zustand'
import { uploadDataset } from '@/api/datasets'
import { failureOf } from '@/api/failure'
import { forget, type Sending, sendFile, storeUploaded } from '@/api/resumable'
import type { DatasetView } from '@/client/types'

/** The one upload of this page; it goes on while other pages are looked at. */
export type Uploading = {
  readonly name: string
  readonly size: number
  readonly sent: number
  readonly stage: 'sending' | 'paused' | 'lost' | 'checking'
  /** Only what goes in parts can be paused. */
  readonly inParts: boolean
}

type State = { readonly now: Uploading | null; readonly error: unknown; readonly stored: DatasetView | null }

export const useUploading = create<State>(() => ({ now: null, error: null, stored: null }))

let sending: Sending | null = null
let stopping: AbortController | null = null

/** Upload the files of one data set: one file in parts, so that it survives a lost connection and a reload. */
export async function upload(files: readonly File[]): Promise<void> {
  if (useUploading.getState().now || files.length === 0) return
  const name = files.map(file => file.name).join(', ')
  const size = files.reduce((sum, file) => sum + file.size, 0)
  const [only] = files
  const inParts = files.length === 1 && size > 0
  useUploading.setState({ error: null, stored: null, now: { name, size, sent: 0, stage: 'sending', inParts } })
  if (only && inParts) {
    try {
      sending = await sendFile(only, {
        onSent: sent => told({ sent, stage: sent < size ? 'sending' : 'checking' }),
        onLost: () => told({ stage: 'lost' }),
        onError: ended,
        onWhole: url => void store(url),
      })
    } catch (error) {
      ended(error)
    }
    return
  }
  stopping = new AbortController()
  const onShare = (share: number) => told({ sent: share * size, stage: share < 1 ? 'sending' : 'checking' })
  await uploadDataset(files, onShare, stopping.signal).then(done, ended)
}

export function pause(): void {
  sending?.pause()
  told({ stage: 'paused' })
}

export function goOn(): void {
  told({ stage: 'sending' })
  sending?.goOn()
}

/** Give the upload up; the server forgets what has come. */
export async function giveUp(): Promise<void> {
  stopping?.abort()
  await sending?.giveUp()
  useUploading.setState({ now: null, error: null })
}

/** It is taken note of, once. */
export function taken(): DatasetView | null {
  const { stored } = useUploading.getState()
  if (stored) useUploading.setState({ stored: null })
  return stored
}

async function store(url: string): Promise<void> {
  told({ stage: 'checking' })
  try {
    const row = await storeUploaded(url)
    forget(url)
    done(row)
  } catch (error) {
    if (failureOf(error).kind !== 'unreachable') forget(url) // the file is to be mended; else it is asked for again
    ended(error)
  }
}

function told(news: Partial<Uploading>): void {
  useUploading.setState(({ now }) => (now ? { now: { ...now, ...news } } : {}))
}

function done(stored: DatasetView): void {
  useUploading.setState(state => (state.now ? { now: null, stored } : {}))
}

function ended(error: unknown): void {
  const cancelled = error instanceof DOMException && error.name === 'AbortError'
  useUploading.setState(state => (state.now ? { now: null, error: cancelled ? null : error } : {}))
}
