import type { Answer, Samples } from '@/api/operators'
import type { OperatorView } from '@/client/types'
import { answered } from './answers'
import type { Asked, Told } from './protocol'
import { fed, type Tensor } from './tensors'

type Found = { readonly outputs: ReadonlyMap<string, Tensor>; readonly ms: number }
type Waiting = {
  readonly resolve: (told: Found) => void
  readonly reject: (why: Error) => void
}

/** One operator version in a worker; another one takes its place. */
let running: { readonly url: string; readonly worker: Worker; readonly waiting: Map<number, Waiting> } | null = null
let lastId = 0

/** Loads the network where it is new, which the time of the answer does not count. Predicts here, with the operator's own network and preprocessing; the server gives the file and computes nothing. */
export async function predictInTab(operator: OperatorView, samples: Samples): Promise<Answer> {
  const start = performance.now()
  const inputs = Object.fromEntries(
    operator.signature.inputs.map(input => {
      return [input.name, fed(samples[input.name] ?? [], input, operator.preprocessing[input.name] ?? [])]
    }),
  )
  const path = `/api/v1/operators/${encodeURIComponent(operator.name)}/versions/${operator.version}/model`
  const prepared = performance.now() - start
  const { outputs, ms } = await ask(path, inputs)
  return { ...answered(operator, outputs), ms: prepared + ms }
}

function ask(url: string, inputs: Asked['inputs']): Promise<Found> {
  const { worker, waiting } = workerFor(url)
  lastId += 1
  const id = lastId
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject })
    worker.postMessage({ id, url, inputs } satisfies Asked)
  })
}

function workerFor(url: string) {
  if (running?.url === url) return running
  stop(new Error('another operator'))
  const worker = new Worker(new URL('./onnx.worker.ts', import.meta.url), { type: 'module' })
  const waiting = new Map<number, Waiting>()
  worker.onmessage = ({ data: { id, outputs, ms, error } }: MessageEvent<Told>) => {
    const one = waiting.get(id)
    waiting.delete(id)
    if (outputs) one?.resolve({ outputs: new Map(outputs), ms: ms ?? 0 })
    else one?.reject(new Error(error))
  }
  worker.onerror = event => stop(new Error(event.message || 'worker'))
  running = { url, worker, waiting }
  return running
}

function stop(why: Error): void {
  if (!running) return
  running.worker.terminate()
  for (const { reject } of running.waiting.values()) reject(why)
  running = null
}
