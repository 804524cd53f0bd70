import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Connection, follow } from './follow'

/** As a browser's, driven by the test. */
class FakeSource extends EventTarget {
  static readonly CLOSED = 2
  static all: FakeSource[] = []
  static get last(): FakeSource {
    return FakeSource.all.at(-1) as FakeSource
  }
  readyState = 0
  onopen: (() => void) | null = null
  onerror: (() => void) | null = null
  readonly url: string

  constructor(url: string) {
    super()
    this.url = url
    FakeSource.all.push(this)
  }
  close() {
    this.readyState = FakeSource.CLOSED
  }
  say(kind: string, id: number, data: object) {
    this.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(data), lastEventId: String(id) }))
  }
  /** It gave up, or the server said 204. */
  end() {
    this.readyState = FakeSource.CLOSED
    this.onerror?.()
  }
}

const heard: number[][] = []
const states: Connection[] = []
let ended: () => Promise<boolean>

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('EventSource', FakeSource)
  FakeSource.all = []
  heard.length = 0
  states.length = 0
  ended = async () => false
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const start = () =>
  follow({
    job: 'job-1',
    onEvents: events => heard.push(events.map(event => event.id)),
    onConnection: state => states.push(state),
    hasEnded: () => ended(),
  })

test('events come in bundles, so that a thousand of them are not a thousand drawings', () => {
  start()
  FakeSource.last.onopen?.()
  for (const id of [1, 2, 3]) FakeSource.last.say('epoch', id, { epoch: id, metrics: {} })
  expect(heard).toEqual([])
  vi.advanceTimersByTime(100)
  expect(heard).toEqual([[1, 2, 3]])
  expect(states).toEqual(['connecting', 'live'])
})

test('a stream that is closed for good begins again after what was seen last', async () => {
  start()
  FakeSource.last.say('epoch', 7, { epoch: 1, metrics: {} })
  FakeSource.last.end()
  await vi.advanceTimersByTimeAsync(1500)
  expect(heard).toEqual([[7]])
  expect(FakeSource.all).toHaveLength(2)
  expect(FakeSource.last.url).toContain('after=7')
  expect(states).toEqual(['connecting', 'reconnecting'])
})

test('with the job ended nothing is asked any more', async () => {
  ended = async () => true
  start()
  FakeSource.last.say('state', 3, { state: 'succeeded' })
  FakeSource.last.end()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(FakeSource.all).toHaveLength(1)
  expect(states).toEqual(['connecting', 'ended'])
})

test('a server that is away is asked again, more and more seldom, but at least every ten seconds', async () => {
  ended = async () => {
    throw new TypeError('unreachable')
  }
  start()
  for (let round = 0; round < 8; round += 1) {
    FakeSource.last.end()
    await vi.advanceTimersByTimeAsync(10_001)
  }
  expect(FakeSource.all.length).toBeGreaterThanOrEqual(9)
  expect(states.at(-1)).toBe('reconnecting')
})

test('the pause between the end and the 204 is no lost connection', () => {
  start()
  FakeSource.last.say('state', 3, { state: 'succeeded' })
  FakeSource.last.onerror?.() // the browser reconnects by itself
  expect(states).toEqual(['connecting'])
})

test('whoever left hears nothing more', async () => {
  const stop = start()
  FakeSource.last.say('epoch', 1, { epoch: 1, metrics: {} })
  stop()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(heard).toEqual([])
  expect(FakeSource.all).toHaveLength(1)
})
