import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useTold } from '@/i18n/told'
import type { LogLine } from '@/training/run'

/** What the job printed; stays at the end unless somebody scrolled up. */
export function Logs({ lines }: { lines: readonly LogLine[] }) {
  const { t, i18n } = useTranslation()
  const told = useTold()
  const list = useRef<HTMLOListElement>(null)
  const follows = useRef(true)
  // biome-ignore lint/correctness/useExhaustiveDependencies: with every new line
  useEffect(() => {
    if (follows.current && list.current) list.current.scrollTop = list.current.scrollHeight
  }, [lines])
  const time = (at: string) => (at ? new Date(at).toLocaleTimeString(i18n.language) : '')
  return (
    <section className="card">
      <h2>{t('jobs:log')}</h2>
      {lines.length === 0 ? <p className="field-hint">{t('jobs:noLog')}</p> : null}
      {lines.length > 0 ? (
        <ol
          ref={list}
          className="jobs-log"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolled with the keyboard
          tabIndex={0}
          aria-label={t('jobs:log')}
          onScroll={({ currentTarget: box }) => {
            follows.current = box.scrollHeight - box.scrollTop - box.clientHeight < 24
          }}
        >
          {lines.map(line => (
            <li key={line.id} className={`log-${line.level}`}>
              <time>{time(line.at)}</time> {told(line.text)}
            </li>
          ))}
        </ol>
      ) : null}
    </section>
  )
}
