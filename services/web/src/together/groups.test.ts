import { expect, test } from 'vitest'
import * as Y from 'yjs'
import type { Doc } from '@/model/doc'
import { removeLayers, renameLayer, setNote } from '@/model/edit'
import { groupLayers } from '@/model/groups'
import { docOf, layer } from '@/testing/catalogue'
import { project, type Shared } from './document'
import { write } from './writing'

const NET = docOf([layer('x', 'Input'), layer('fc1', 'Dense', ['x']), layer('fc2', 'Dense', ['fc1'])], ['fc2'])

function edited(y: Y.Doc, shared: Shared, change: (doc: Doc) => Doc): Shared {
  write(y, shared, shared.doc, change(shared.doc))
  return project(y, shared)
}

test('notes and groups are shared, and follow the names of their layers', () => {
  const ann = new Y.Doc()
  const begun = edited(ann, project(ann), () => NET)
  edited(ann, begun, doc => setNote(groupLayers(doc, ['fc1', 'fc2']).doc, 'fc1', 'wide'))

  const ben = new Y.Doc()
  Y.applyUpdate(ben, Y.encodeStateAsUpdate(ann))
  const seen = project(ben)
  expect(seen.doc.spec.groups).toEqual([{ name: 'group', layers: ['fc1', 'fc2'], folded: false }])
  expect(seen.doc.spec.layers[1]?.note).toBe('wide')

  const renamed = edited(ben, seen, doc => setNote(renameLayer(doc, 'fc1', 'body'), 'body', ''))
  expect(renamed.doc.spec.groups?.[0]?.layers).toEqual(['body', 'fc2'])
  expect(renamed.doc.spec.layers[1]).not.toHaveProperty('note')
  expect(edited(ben, renamed, doc => removeLayers(doc, ['body', 'fc2'])).doc.spec.groups).toBeUndefined()
})
