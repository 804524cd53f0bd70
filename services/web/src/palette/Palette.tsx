import { ChevronRight, Search } from 'lucide-react'
import { type FocusEvent, type KeyboardEvent, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCatalogue, useCatalogueQuery, useFormats } from '@/api/catalogue'
import { useLastingError } from '@/api/queries'
import { append } from '@/canvas/actions'
import { catchFocus } from '@/canvas/view'
import type { LayerType } from '@/client/types'
import { useTold } from '@/i18n/told'
import { FailureBox } from '@/ui/Failure'
import { PaletteItem } from './PaletteItem'
import { found, grouped } from './search'

const OPEN_AT_FIRST = ['data', 'common', 'vision']

/** Every layer type that can be added, from the server's catalogue. */
export function Palette() {
  const { t } = useTranslation()
  const told = useTold()
  const query = useCatalogueQuery()
  const error = useLastingError(query)
  const { items } = useCatalogue()
  const [typed, setTyped] = useState('')
  const [format, setFormat] = useState('')
  const late = useDeferredValue(typed)
  const matching = useMemo(() => found(items, late, format, told), [items, late, format, told])
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => oneStop(list.current)) // whatever the list shows by now
  return (
    <aside className="palette" aria-label={t('palette:title')}>
      <PaletteSearch
        typed={typed}
        onTyped={setTyped}
        onEnter={() => {
          const first = found(items, typed, format, told)[0]
          if (first && typed.trim() !== '') append(first)
        }}
        onDown={() => list.current?.querySelector('button')?.focus()}
      />
      <FormatFilter format={format} onFormat={setFormat} />
      {error ? <FailureBox title={t('palette:failed')} error={error} again={query.refetch} /> : null}
      <div
        className="palette-list"
        ref={list}
        onKeyDown={walk}
        onFocus={stopAt}
        role="group"
        aria-label={t('palette:title')}
      >
        {late.trim() === '' ? (
          grouped(matching).map(([name, group]) => <PaletteGroup key={name} name={name} items={group} />)
        ) : (
          <PaletteFound items={matching} />
        )}
      </div>
      <p className="palette-hint">{query.data ? t('palette:drag') : error ? null : t('app:loading')}</p>
    </aside>
  )
}

type SearchProps = { typed: string; onTyped: (text: string) => void; onEnter: () => void; onDown: () => void }

function PaletteSearch({ typed, onTyped, onEnter, onDown }: SearchProps) {
  const { t } = useTranslation()
  const leave = (field: HTMLInputElement) => {
    if (typed !== '') return onTyped('')
    field.blur()
    catchFocus()
  }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === 'Enter') onEnter()
    else if (event.key === 'Escape') leave(event.currentTarget)
    else if (event.key === 'ArrowDown') onDown()
    else return
    event.preventDefault()
  }
  return (
    <div className="palette-search">
      <Search size={16} aria-hidden />
      <input
        id="palette-search"
        type="search"
        className="input"
        value={typed}
        placeholder={t('palette:search')}
        aria-label={t('palette:search')}
        aria-keyshortcuts="/"
        autoComplete="off"
        spellCheck={false}
        onChange={event => onTyped(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {typed === '' ? <kbd aria-hidden>{'/'}</kbd> : null}
    </div>
  )
}

function FormatFilter({ format, onFormat }: { format: string; onFormat: (format: string) => void }) {
  const { t } = useTranslation()
  const told = useTold()
  const formats = useFormats().data ?? []
  const { items } = useCatalogue()
  const mapped = useMemo(() => new Set(items.flatMap(item => item.formats)), [items])
  const choices = formats.filter(one => mapped.has(one.name))
  if (choices.length === 0) return null
  return (
    <select
      className="input palette-filter"
      aria-label={t('palette:filter')}
      title={t('palette:filter')}
      value={format}
      onChange={event => onFormat(event.target.value)}
    >
      <option value="">{t('palette:anyFormat')}</option>
      {choices.map(one => (
        <option key={one.name} value={one.name}>
          {told(one.title)}
        </option>
      ))}
    </select>
  )
}

function PaletteGroup({ name, items }: { name: string; items: readonly LayerType[] }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(OPEN_AT_FIRST.includes(name))
  return (
    <section className="palette-group">
      <button type="button" className="palette-head" tabIndex={-1} aria-expanded={open} onClick={() => setOpen(!open)}>
        <ChevronRight size={14} aria-hidden className="palette-arrow" />
        <span>{t(`palette:group.${name}`, { defaultValue: name })}</span>
        <span className="palette-count">{items.length}</span>
      </button>
      {open ? items.map(item => <PaletteItem key={item.type} type={item} />) : null}
    </section>
  )
}

function PaletteFound({ items }: { items: readonly LayerType[] }) {
  const { t } = useTranslation()
  return (
    <section className="palette-group">
      <p className="visually-hidden" role="status">
        {t('palette:found', { count: items.length })}
      </p>
      {items.length === 0 ? <p className="palette-none">{t('palette:nothing')}</p> : null}
      {items.slice(0, 60).map(item => (
        <PaletteItem key={item.type} type={item} />
      ))}
    </section>
  )
}

/** The whole list is one stop of the Tab key: where one was last, or its beginning. */
export function oneStop(list: HTMLElement | null, at?: Element): void {
  const stops = list?.querySelectorAll<HTMLElement>('button[tabindex="0"]') ?? []
  if (stops.length === 1 && at === undefined) return
  for (const stop of stops) stop.tabIndex = -1
  const next = at ?? list?.querySelector('button')
  if (next instanceof HTMLElement) next.tabIndex = 0
}

function stopAt(event: FocusEvent<HTMLDivElement>): void {
  if (event.target.tagName === 'BUTTON') oneStop(event.currentTarget, event.target)
}

/** Arrow keys walk through the list, Home and End to its ends. */
function walk(event: KeyboardEvent<HTMLDivElement>): void {
  const by = { ArrowDown: 1, ArrowUp: -1, Home: Number.NEGATIVE_INFINITY, End: Number.POSITIVE_INFINITY }[event.key]
  if (by === undefined) return
  const buttons = [...event.currentTarget.querySelectorAll('button')]
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement)
  buttons[Math.min(buttons.length - 1, Math.max(0, at + by))]?.focus()
  event.preventDefault()
}
