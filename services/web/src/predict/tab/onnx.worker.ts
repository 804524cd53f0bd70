import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import { env, InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web/wasm'
import type { Asked, Told } from './protocol'
import { cast, type DType, type Tensor } from './tensors'

// A worker of its own: the page stays quick, and only this file's policy allows WebAssembly.

env.wasm.wasmPaths = { wasm: new URL(wasm, self.location.href).href }
env.wasm.numThreads = 1 // more need a page that is cross-origin isolated
env.logLevel = 'error'

let session: Promise<InferenceSession> | undefined

async function load(url: string): Promise<InferenceSession> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`)
  return InferenceSession.create(new Uint8Array(await answer.arrayBuffer()), { executionProviders: ['wasm'] })
}

async function run(loaded: InferenceSession, inputs: Readonly<Record<string, Tensor>>): Promise<Told['outputs']> {
  const feeds = loaded.inputMetadata.map(one => {
    const given = inputs[one.name]
    if (!given || !one.isTensor) throw new Error(one.name)
    const { dtype, data, dims } = cast(given, one.type as DType)
    return [one.name, new OrtTensor(dtype, data as never, dims)] as const
  })
  const found = await loaded.run(Object.fromEntries(feeds))
  return Object.entries(found).map(([name, { type, data, dims }]) => [
    name,
    { dtype: type as DType, data: data as Tensor['data'], dims },
  ])
}

self.onmessage = async ({ data: { id, url, inputs } }: MessageEvent<Asked>) => {
  try {
    session ??= load(url)
    const loaded = await session
    const start = performance.now()
    const outputs = await run(loaded, inputs)
    self.postMessage({ id, outputs, ms: performance.now() - start } satisfies Told)
  } catch (error) {
    session = undefined // such as where the server was away: the next question loads again
    self.postMessage({ id, error: error instanceof Error ? error.message : String(error) } satisfies Told)
  }
}
