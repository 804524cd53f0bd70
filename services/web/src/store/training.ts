import { create } from 'zustand'
import { CallError, failureOf } from '@/api/failure'
import { checkModel, queueJob } from '@/api/jobs'
import { goTo, jobPath } from '@/pages/location'
import { type Params, pathOf } from '@/training/recipe'
import { isUnsaved, useEditor } from './editor'
import { environmentOf, useRecipe } from './recipe'
import { saveQuietly } from './saving'

/** A training on its way to the server. It is kept here because the first save of a model draws the page anew. */
export const useTraining = create<{ pending: boolean; error: unknown }>(() => ({ pending: false, error: null }))

/** What was refused may be well with other data, another network or another value. */
useEditor.subscribe(({ history }, before) => {
  if (history.present.spec !== before.history.present.spec) forget()
})
useRecipe.subscribe((now, before) => {
  if (now.dataset !== before.dataset) forget()
  else forget(new Set([...changed(now.params, before.params), ...changed(now.agent, before.agent)]))
})

/** Forgets a refusal; where only some fields of the recipe are other ones, what was said of the rest stays. */
function forget(fields?: ReadonlySet<string>): void {
  const { error } = useTraining.getState()
  if (error === null || fields?.size === 0) return
  useTraining.setState({ error: fields ? restOf(error, fields) : null })
}

function restOf(error: unknown, fields: ReadonlySet<string>): CallError | null {
  const failure = failureOf(error)
  const rest = failure.problems.filter(problem => {
    const field = pathOf(problem)?.split('.')[0]
    return field === undefined ? problem.where?.field === 'dataset' : !fields.has(field)
  })
  return rest.length > 0 ? new CallError({ ...failure, problems: rest }) : null
}

const changed = (now: Params, before: Params) =>
  [...new Set([...Object.keys(now), ...Object.keys(before)])].filter(name => now[name] !== before[name])

let sent = { text: '', key: '' }

/** Saves what is on the canvas, queues a training (or a check) of that version and shows the job. */
export async function train(checks = false): Promise<void> {
  if (useTraining.getState().pending) return
  useTraining.setState({ pending: true, error: null })
  try {
    const model = await savedModel()
    if (model !== null) await (checks ? look(model) : submit(model))
    useTraining.setState({ pending: false })
  } catch (error) {
    useTraining.setState({ pending: false, error })
  }
}

export type Along = { readonly method: 'seeds' | 'snapshots' | 'average'; readonly members: number }

/** The same for an ensemble of what is on the canvas, each of its trainings by the recipe. */
export async function trainEnsemble(along: Along): Promise<void> {
  if (useTraining.getState().pending) return
  useTraining.setState({ pending: true, error: null })
  try {
    const model = await savedModel()
    if (model !== null) await gather(model, along)
    useTraining.setState({ pending: false })
  } catch (error) {
    useTraining.setState({ pending: false, error })
  }
}

async function gather(model: string, along: Along): Promise<void> {
  const { dataset, params } = useRecipe.getState()
  const request = { model, dataset, params: { ...along, recipe: { ...params } } }
  const text = JSON.stringify(request)
  if (sent.text !== text) sent = { text, key: newKey() }
  const job = await queueJob('ensemble', request, sent.key)
  sent = { text: '', key: '' }
  goTo(jobPath(job.id))
}

async function submit(model: string): Promise<void> {
  const { dataset, params, agent, priority = 0 } = useRecipe.getState()
  const environment = environmentOf(dataset)
  const data = { model, dataset, params: { ...params }, priority }
  const game = { model, params: { environment, ...agent } }
  const text = JSON.stringify(environment === null ? data : game)
  if (sent.text !== text) sent = { text, key: newKey() }
  const job = await (environment === null ? queueJob('train', data, sent.key) : queueJob('dqn', game, sent.key))
  sent = { text: '', key: '' }
  goTo(jobPath(job.id))
}

/** Queues a check instead, which a lost answer may well repeat. */
async function look(model: string): Promise<void> {
  const { dataset, params } = useRecipe.getState()
  goTo(jobPath((await checkModel({ model, dataset, params: { ...params } })).id))
}

/** null where saving failed, which said why. */
export async function savedModel(): Promise<string | null> {
  const before = useEditor.getState()
  if (before.origin === null || isUnsaved(before)) await saveQuietly()
  const { origin, ...now } = useEditor.getState()
  return origin === null || isUnsaved(now) ? null : `${origin.id}@${origin.version}`
}

/** A retry after a lost answer must not train twice: the key is made once for each request. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('')
}
