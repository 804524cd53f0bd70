/** One step of a recipe's preprocessing or augmentation: its name, and what is given of its fields. */
export type Step = Readonly<Record<string, unknown>> & { readonly step: string }

/** The steps that a field's value lists; those by input name (from the command line) are left as they are: none here. */
export function stepsOf(value: unknown): readonly Step[] {
  return Array.isArray(value) ? value.filter(isStep) : []
}

function isStep(value: unknown): value is Step {
  return typeof value === 'object' && value !== null && typeof (value as { step?: unknown }).step === 'string'
}

export function withoutStep(steps: readonly Step[], index: number): readonly Step[] {
  return steps.filter((_, place) => place !== index)
}

/** The steps with one more, which then stands at `index`. */
export function withStep(steps: readonly Step[], index: number, step: Step): readonly Step[] {
  return [...steps.slice(0, index), step, ...steps.slice(index)]
}
