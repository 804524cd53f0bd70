import type { ButtonHTMLAttributes, ReactNode } from 'react'

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  readonly tone?: 'plain' | 'primary' | 'danger'
  readonly icon?: ReactNode
}

export function Button({ tone = 'plain', icon, children, className = '', ...rest }: Props) {
  return (
    <button type="button" className={`button button-${tone} ${className}`} {...rest}>
      {icon}
      {children}
    </button>
  )
}

/** A button that shows an icon only; its name is its label and its tooltip. */
export function IconButton({ label, children, ...rest }: Props & { readonly label: string }) {
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} {...rest}>
      {children}
    </button>
  )
}
