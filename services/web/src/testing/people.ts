import { expect } from 'vitest'
import * as Y from 'yjs'
import type { Layer, Spec } from '@/client/types'
import type { Doc } from '@/model/doc'
import { bringBack, project, rootsOf, type Shared } from '@/together/document'
import { write } from '@/together/writing'

const LOCAL = 'local'
export const layer = (name: string, type: string, inputs: string[] = [], params: Layer['params'] = {}): Layer => ({
  name,
  type,
  params,
  inputs,
})
export const SPEC: Spec = {
  visualnn: 1,
  name: 'net',
  layers: [
    layer('input', 'Input', [], { shape: [784] }),
    layer('fc1', 'Dense', ['input'], { units: 512, activation: 'relu' }),
    layer('fc2', 'Dense', ['fc1'], { units: 10 }),
  ],
  outputs: ['fc2'],
}
const EMPTY: Doc = { spec: { visualnn: 1, name: '', layers: [], outputs: [] }, positions: {} }

/** One who edits: a document of Yjs and what it shows. */
export class Person {
  readonly y = new Y.Doc()
  readonly undo: Y.UndoManager
  shared: Shared

  constructor(from?: Person) {
    if (from) Y.applyUpdate(this.y, Y.encodeStateAsUpdate(from.y))
    const { layers, places, outputs, groups, about } = rootsOf(this.y)
    this.undo = new Y.UndoManager([layers, places, outputs, groups, about], {
      trackedOrigins: new Set([LOCAL]),
      captureTimeout: 0,
    })
    bringBack(this.y, this.undo)
    this.shared = project(this.y)
  }

  edit(change: (doc: Doc) => Doc): this {
    const { doc } = this.shared
    this.y.transact(() => write(this.y, this.shared, doc, change(doc)), LOCAL)
    return this.look()
  }

  look(): this {
    this.shared = project(this.y, this.shared)
    return this
  }

  get spec(): Spec {
    return this.shared.doc.spec
  }

  find(name: string): Layer | undefined {
    return this.spec.layers.find(one => one.name === name)
  }
}

export function meet(...people: Person[]): void {
  for (const one of people) for (const other of people) Y.applyUpdate(one.y, Y.encodeStateAsUpdate(other.y))
  for (const one of people) one.look()
  for (const one of people) expect(one.shared.doc).toEqual(people[0]?.shared.doc)
}

export function pair(): [Person, Person] {
  const ada = new Person()
  ada.y.transact(() => write(ada.y, ada.shared, EMPTY, { spec: SPEC, positions: { fc1: { x: 1, y: 2 } } }))
  ada.look()
  return [ada, new Person(ada)]
}

export const added = (name: string, inputs: string[]) => (doc: Doc) => ({
  ...doc,
  spec: { ...doc.spec, layers: [...doc.spec.layers, layer(name, 'Dense', inputs, { units: 1 })] },
})
