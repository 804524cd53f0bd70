import { Menu as Base } from '@base-ui/react/menu'
import type { ReactElement, ReactNode } from 'react'

/** A button that opens a list of actions. */
export function Menu({ trigger, label, children }: { trigger: ReactNode; label: string; children: ReactNode }) {
  return (
    <Base.Root>
      <Base.Trigger className="icon-button" aria-label={label} title={label}>
        {trigger}
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={6} align="end" className="menu-layer">
          <Base.Popup className="menu">{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

export function MenuGroup({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Base.Group>
      <Base.GroupLabel className="menu-title">{title}</Base.GroupLabel>
      {children}
    </Base.Group>
  )
}

/** One of several choices, of which `chosen` holds. */
export function MenuChoices<T extends string>(props: {
  value: T
  choices: readonly { readonly value: T; readonly text: string }[]
  onChoose: (value: T) => void
}) {
  return (
    <Base.RadioGroup value={props.value} onValueChange={value => props.onChoose(value as T)}>
      {props.choices.map(({ value, text }) => (
        <Base.RadioItem key={value} value={value} className="menu-item" closeOnClick>
          <span className="menu-mark">
            <Base.RadioItemIndicator>{'✓'}</Base.RadioItemIndicator>
          </span>
          {text}
        </Base.RadioItem>
      ))}
    </Base.RadioGroup>
  )
}

export function MenuItem({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <Base.Item className="menu-item" onClick={onClick}>
      <span className="menu-mark" />
      {children}
    </Base.Item>
  )
}

export function MenuLink({ link }: { link: ReactElement }) {
  return <Base.LinkItem className="menu-item" render={link} />
}
