import { type ReactNode, useId } from 'react'

type Props = {
  readonly label: string
  /** Where keys lead to; made up where it does not matter. */
  readonly id?: string
  readonly hint?: string | undefined
  readonly error?: string | undefined
  readonly aside?: ReactNode
  readonly children: (ids: { id: string; 'aria-describedby': string; 'aria-invalid': boolean }) => ReactNode
}

/** A labelled control with a line of help and, in its place, what is wrong. */
export function Field({ label, id: given, hint, error, aside, children }: Props) {
  const made = useId()
  const id = given ?? made
  const about = `${id}-about`
  return (
    <div className={error ? 'field field-bad' : 'field'}>
      <div className="field-head">
        <label htmlFor={id}>{label}</label>
        {aside}
      </div>
      {children({ id, 'aria-describedby': about, 'aria-invalid': error !== undefined })}
      <p id={about} className={error ? 'field-error' : 'field-hint'}>
        {error ?? hint}
      </p>
    </div>
  )
}
