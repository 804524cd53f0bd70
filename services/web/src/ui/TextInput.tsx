import { type InputHTMLAttributes, useEffect, useState } from 'react'

type Props = Omit<InputHTMLAttributes<HTMLInputElement>, 'value' | 'onChange'> & {
  readonly value: string
  /** Called with every change, unless `lazy`: then when the field or the page is left, or Enter is pressed. */
  readonly onText: (text: string) => void
  readonly lazy?: boolean
}

/** A text field that shows what is being typed until it is taken over, and undoes with Escape. */
export function TextInput({ value, onText, lazy = false, ...rest }: Props) {
  const [typed, setTyped] = useState<string | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another value from outside ends the typing
  useEffect(() => setTyped(null), [value])
  const commit = () => {
    if (typed !== null && typed !== value) onText(typed)
    setTyped(null)
  }
  useEffect(() => {
    if (!lazy || typed === null) return undefined
    window.addEventListener('pagehide', commit, true) // before whoever writes drafts then
    return () => window.removeEventListener('pagehide', commit, true)
  })
  return (
    <input
      type="text"
      autoComplete="off"
      spellCheck={false}
      {...rest}
      className={`input ${rest.className ?? ''}`}
      value={typed ?? value}
      onChange={event => (lazy ? setTyped(event.target.value) : onText(event.target.value))}
      onBlur={lazy ? commit : undefined}
      onKeyDown={event => {
        rest.onKeyDown?.(event)
        if (event.key === 'Enter' && lazy) commit()
        if (event.key === 'Escape' && typed !== null) {
          event.stopPropagation()
          setTyped(null)
        }
      }}
    />
  )
}
