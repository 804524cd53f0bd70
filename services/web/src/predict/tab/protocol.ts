import type { Tensor } from './tensors'

/** What the page asks the worker: to run the network at `url` with these inputs. */
export type Asked = { readonly id: number; readonly url: string; readonly inputs: Readonly<Record<string, Tensor>> }
/** What it answers: outputs by name, or why there are none. */
export type Told = {
  readonly id: number
  readonly outputs?: readonly (readonly [string, Tensor])[]
  /** How long it took, once the network was there. */
  readonly ms?: number
  readonly error?: string
}
