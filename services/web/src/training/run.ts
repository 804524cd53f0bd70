import type { Metrics, RunEvent } from './events'
import type { Look } from './looks'

/** One epoch's metrics, or a place between two epochs: `x` is 2.5 half way through the third. */
export type Row = { readonly x: number; readonly metrics: Metrics; readonly seconds: number | null }
export type LogLine = { readonly id: number; readonly level: string; readonly text: string; readonly at: string }

/** What a job has said so far. */
export type Run = {
  /** Epochs that are done, in order, one row each. */
  readonly rows: readonly Row[]
  /** The batches of the epoch that is under way. */
  readonly live: readonly Row[]
  /** The learning rate in every epoch and batch that was told, in order. */
  readonly rates: readonly Row[]
  readonly epochs: number | null
  /** Of an agent that learns: all its steps, and where it stands; rows are placed by steps then. */
  readonly steps: number | null
  readonly step: number | null
  readonly progress: number | null
  readonly eta: number | null
  /** Metrics of the trained network, such as `test_accuracy`. */
  readonly finals: Metrics
  /** The newest look into the layers. */
  readonly look: Look | null
  readonly logs: readonly LogLine[]
  /** The newest state that was told. */
  readonly state: string | null
  readonly lastId: number
}

export const NO_RUN: Run = {
  rows: [],
  live: [],
  rates: [],
  epochs: null,
  steps: null,
  step: null,
  progress: null,
  eta: null,
  finals: {},
  look: null,
  logs: [],
  state: null,
  lastId: 0,
}

const MOST_LOGS = 500
const MOST_LIVE = 500
const MOST_RATES = 2000

/** The run after these events. An event that was told before changes nothing; an epoch that is done again replaces its row. */
export function told(run: Run, events: readonly RunEvent[]): Run {
  const news = events.filter(event => event.id > run.lastId)
  if (news.length === 0) return run
  const next = { ...run, rows: [...run.rows], live: [...run.live], rates: [...run.rates], logs: [...run.logs] }
  for (const event of news) take(next, event)
  next.logs = next.logs.slice(-MOST_LOGS)
  return next
}

/** What the job's row says, where no events come: a row for the epoch that is under way. */
export function polled(run: Run, metrics: Readonly<Record<string, unknown>>): Run {
  const { epoch, ...others } = metrics
  if (typeof epoch !== 'number' || run.rows.some(row => row.x === epoch)) return run
  const numbers = Object.entries(others).filter((pair): pair is [string, number] => typeof pair[1] === 'number')
  if (numbers.length === 0) return run
  return { ...run, live: [{ x: epoch, metrics: Object.fromEntries(numbers), seconds: null }] }
}

type Draft = { -readonly [key in keyof Run]: Run[key] extends readonly (infer Item)[] ? Item[] : Run[key] }

function take(run: Draft, event: RunEvent): void {
  run.lastId = event.id
  if (event.kind === 'state') run.state = event.state
  else if (event.kind === 'metrics') run.finals = { ...run.finals, ...event.metrics }
  else if (event.kind === 'insight') run.look = event.look
  else if (event.kind === 'log') run.logs.push(event)
  else if (event.kind === 'batch') takeBatch(run, event)
  else if (event.kind === 'episode') takeEpisode(run, event)
  else takeEpoch(run, event)
}

function takeBatch(run: Draft, event: RunEvent & { kind: 'batch' }): void {
  const x = event.epoch - 1 + event.batch / Math.max(1, event.batches)
  const before = run.live.at(-1)
  const follows = before !== undefined && before.x < x && before.x >= event.epoch - 1
  const live = follows ? run.live : []
  live.push({ x, metrics: event.metrics, seconds: null })
  run.live = live.slice(-MOST_LIVE)
  takeRate(run, x, event.metrics)
  run.progress = event.progress
  run.eta = event.eta
}

function takeEpoch(run: Draft, event: RunEvent & { kind: 'epoch' }): void {
  const row: Row = { x: event.epoch, metrics: event.metrics, seconds: event.seconds }
  const last = run.rows.at(-1)
  if (last === undefined || last.x < row.x) run.rows.push(row)
  else run.rows = [...run.rows.filter(one => one.x !== row.x), row].sort((a, b) => a.x - b.x)
  run.live = []
  takeRate(run, event.epoch, event.metrics)
  if (event.epochs) {
    run.epochs = event.epochs
    run.progress = event.epoch / event.epochs
  }
}

/** What is done again replaces what was there; of very many every second one is kept. */
function takeRate(run: Draft, x: number, { learning_rate }: Metrics): void {
  if (learning_rate === undefined) return
  const last = run.rates.at(-1)
  if (last !== undefined && last.x >= x) run.rates = run.rates.filter(one => one.x < x)
  if (run.rates.length >= MOST_RATES) run.rates = run.rates.filter((_one, at) => at % 2 === 0)
  run.rates.push({ x, metrics: { learning_rate }, seconds: null })
}

/** Episodes and evaluations that end at the same step share a row; what is told again replaces what was there. */
function takeEpisode(run: Draft, event: RunEvent & { kind: 'episode' }): void {
  const last = run.rows.at(-1)
  if (last !== undefined && last.x > event.step) run.rows = run.rows.filter(one => one.x < event.step)
  const before = run.rows.at(-1)
  const metrics = before?.x === event.step ? { ...before.metrics, ...event.metrics } : event.metrics
  if (before?.x === event.step) run.rows.pop()
  run.rows.push({ x: event.step, metrics, seconds: null })
  run.steps = event.steps
  run.step = event.step
  run.progress = event.progress
  run.eta = event.eta
}
