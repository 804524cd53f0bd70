import type { Prediction, Sample } from '@/client/types'
import { largestDifference } from '../tab/answers'
import { type End, shortText } from './ends'

/** What of an output tells which labels are right, and how they are called. */
type Known = Pick<End, 'classes' | 'label'>

/** A sample with what the operator said of it and how wrong that is. */
export type Judged = {
  readonly sample: Sample
  readonly prediction: Prediction
  readonly truth: string
  readonly right: boolean | null
  readonly loss: number
}

/** Confidence below this counts as this: a loss stays finite. */
const LEAST = 1e-7

/** The labels that an output learnt from; a data set's first where it has none of that name. */
function labelFor({ label, class_name, labels }: Sample, end: Known): Pick<Sample, 'label' | 'class_name'> {
  const own = end.label ? labels?.[end.label] : undefined
  return own ? { label: own.value, class_name: own.class_name } : { label, class_name }
}

/** What is right of a sample, in the output's words. */
export function truthOf(sample: Sample, end: Known): string {
  const { class_name: name, label } = labelFor(sample, end)
  const { classes } = end
  if (name !== null && name !== undefined) return name
  if (typeof label === 'number' && Number.isInteger(label) && classes?.[label] !== undefined) return classes[label]
  if (label === null || label === undefined) return '–'
  return typeof label === 'object' || typeof label === 'number' ? shortText(label) : String(label)
}

/**
 * The sample with its loss: cross entropy of the right class, or the largest difference of a value that is no score.
 * Samples without a label, and with one that the output does not know, have the loss of total ignorance: 0.
 */
export function judged(sample: Sample, prediction: Prediction, end: Known): Judged {
  const truth = truthOf(sample, end)
  const { scores, values } = prediction
  if (scores) {
    const names = end.classes ?? scores.map((_, index) => String(index))
    const score = scores[names.indexOf(truth)]
    if (score === undefined) return { sample, prediction, truth, right: null, loss: 0 }
    return { sample, prediction, truth, right: prediction.class === truth, loss: -Math.log(Math.max(score, LEAST)) }
  }
  const { label } = labelFor(sample, end)
  if (label === null || label === undefined) return { sample, prediction, truth, right: null, loss: 0 }
  const flat = (value: unknown) => (Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value])
  return { sample, prediction, truth, right: null, loss: largestDifference(flat(values), flat(label)) }
}

/** The worst first; among equals in the order of the data. */
export function worstOf(all: readonly Judged[], count: number): Judged[] {
  return [...all].sort((a, b) => b.loss - a.loss || a.sample.index - b.sample.index).slice(0, count)
}

export type Score = { readonly right: number; readonly known: number }

export function scoreOf(all: readonly Judged[]): Score {
  const known = all.filter(one => one.right !== null)
  return { right: known.filter(one => one.right).length, known: known.length }
}
