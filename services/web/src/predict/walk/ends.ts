import type { Answer } from '@/api/operators'
import type { OperatorView, Prediction } from '@/client/types'

/** An output of an operator: its name, its classes and the labels that it learnt from. */
export type End = Pick<OperatorView, 'classes' | 'label' | 'task'> & { readonly name: string }

/** The outputs that answer, the first before the others. */
export function endsOf({ signature, classes, label, task, others }: OperatorView): readonly [End, ...End[]] {
  const rest = Object.entries(others ?? {}).map(([name, { classes, label, task }]) => ({ name, classes, label, task }))
  return [{ name: signature.outputs[0]?.name ?? '', classes, label, task }, ...rest]
}

/** What each output said of the sample in this place of a question, in the order of `endsOf`. */
export function saidAt({ predictions, answers }: Pick<Answer, 'predictions' | 'answers'>, at: number): Prediction[] {
  return [predictions, ...Object.values(answers ?? {})].flatMap(list => list[at] ?? [])
}

/** Longer texts are cut where they stand on a card. */
const LONGEST = 80

const short = (one: unknown) => (typeof one === 'number' && !Number.isInteger(one) ? Number(one.toPrecision(3)) : one)

/** Values in brackets, numbers with three digits: `[0.586, 0.907]`. */
export function shortText(value: unknown): string {
  const text = JSON.stringify(value, (_, one) => short(one)) ?? '–'
  const spaced = text.replaceAll(',', ', ')
  return spaced.length > LONGEST ? `${spaced.slice(0, LONGEST)} …` : spaced
}
