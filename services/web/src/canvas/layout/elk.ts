import ELK, { type ElkNode } from 'elkjs/lib/elk-api.js'
import workerUrl from 'elkjs/lib/elk-worker.min.js?url'
import type { Spec } from '@/client/types'
import { NODE_HEIGHT, NODE_WIDTH, type Point } from '@/model/doc'
import { edgesOf } from '@/model/graph'

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES', // the same network is always laid out alike
  'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF',
  'elk.layered.nodePlacement.bk.fixedAlignment': 'BALANCED',
  'elk.layered.spacing.nodeNodeBetweenLayers': '44',
  'elk.spacing.nodeNode': '36',
  'elk.layered.thoroughness': '3',
  'elk.randomSeed': '1',
}

let elk: InstanceType<typeof ELK> | undefined

/** A place for every layer, computed in a worker that is started when the first layout is asked for. */
export async function elkLayout(spec: Spec): Promise<Record<string, Point>> {
  elk ??= new ELK({ workerFactory: () => new Worker(workerUrl) })
  const made = await elk.layout(graphOf(spec))
  return Object.fromEntries(
    (made.children ?? []).map(child => [child.id.slice(1), { x: child.x ?? 0, y: child.y ?? 0 }]),
  )
}

function graphOf(spec: Spec): ElkNode {
  const known = new Set(spec.layers.map(layer => layer.name))
  const edges = edgesOf(spec).filter(edge => known.has(edge.source))
  return {
    id: 'root',
    layoutOptions: OPTIONS,
    children: spec.layers.map(layer => ({ id: `n${layer.name}`, width: NODE_WIDTH, height: NODE_HEIGHT })),
    edges: edges.map((edge, index) => ({
      id: `e${index}`,
      sources: [`n${edge.source}`],
      targets: [`n${edge.target}`],
    })),
  }
}
