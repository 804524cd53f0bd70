import type { OperatorView, Prediction, Predictions } from '@/client/types'
import { nested } from '../signature'
import type { Tensor } from './tensors'

/** What the server would answer for these outputs: predictions of the first; of others values, and what they mean. */
export function answered(operator: OperatorView, outputs: ReadonlyMap<string, Tensor>): Predictions {
  const [first, ...more] = operator.signature.outputs.map(output => output.name)
  const main = outputs.get(first ?? '')
  if (!main) throw new Error(`no output ${first}`)
  const { name, version } = operator
  const predictions = predictionsOf(operator, main)
  if (more.length === 0) return { operator: name, version, predictions }
  const known = more.flatMap(one => {
    const [meaning, tensor] = [operator.others?.[one], outputs.get(one)]
    return meaning?.label && tensor ? [[one, predictionsOf(meaning, tensor)] as const] : []
  })
  return {
    operator: name,
    version,
    predictions,
    outputs: Object.fromEntries(more.map(one => [one, whole(outputs, one)])),
    ...(known.length > 0 ? { answers: Object.fromEntries(known) } : {}),
  }
}

function whole(outputs: ReadonlyMap<string, Tensor>, name: string): unknown {
  const tensor = outputs.get(name)
  return tensor ? nested(numbers(tensor), tensor.dims) : null
}

/** Shares of the classes where the net was trained from logits, as the server makes them. */
function shares(row: readonly number[], by: OperatorView['scores_by']): number[] {
  if (by === 'sigmoid') return row.map(value => 0.5 * (1 + Math.tanh(0.5 * value)))
  if (by === 'margin') return row.map(value => Math.min(1, Math.max(0, 0.5 + 0.5 * value)))
  if (by !== 'softmax') return [...row]
  const most = Math.max(...row)
  const raised = row.map(value => Math.exp(value - most))
  const sum = raised.reduce((a, b) => a + b, 0)
  return raised.map(value => value / sum)
}

type Meaning = Pick<OperatorView, 'task' | 'classes' | 'scores_by'>

function predictionsOf({ task, classes, scores_by: by }: Meaning, tensor: Tensor): Prediction[] {
  const [count = 0, ...rest] = tensor.dims
  const size = rest.reduce((a, b) => a * b, 1)
  const values = numbers(tensor)
  const rows = Array.from({ length: count }, (_, at) => values.slice(at * size, (at + 1) * size))
  if (task === 'binary' && size === 1) {
    return rows
      .map(row => shares(row, by))
      .map(([second = 0]) => classed([1 - second, second], second > 0.5 ? 1 : 0, classes))
  }
  if (task === 'classification' && tensor.dims.length === 2) {
    return rows.map(row => shares(row, by)).map(scores => classed(scores, scores.indexOf(Math.max(...scores)), classes))
  }
  return rows.map(row => ({ values: rest.length === 0 ? row[0] : nested(row, rest) }))
}

function classed(scores: number[], index: number, classes: readonly string[] | null | undefined): Prediction {
  return { class: classes?.[index] ?? String(index), index, score: scores[index] ?? 0, scores }
}

const numbers = ({ data }: Tensor): number[] => Array.from(data as ArrayLike<number | bigint>, Number)

/** The largest difference between numbers at the same place of two answers; infinite where their forms differ. */
export function largestDifference(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b)
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    return a.reduce((most: number, value, at) => Math.max(most, largestDifference(value, b[at])), 0)
  }
  return (a ?? null) === (b ?? null) ? 0 : Number.POSITIVE_INFINITY
}

/** Of the scores or values of two answers, and of their other outputs. */
export function disagreement(a: Predictions, b: Predictions): number {
  const body = ({ predictions, outputs }: Predictions) => [
    predictions.map(one => one.scores ?? one.values),
    Object.values(outputs ?? {}),
  ]
  return largestDifference(body(a), body(b))
}
