import { CircleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type Failure, failureOf } from '@/api/failure'
import { isAway } from '@/api/queries'
import type { Problem } from '@/client/types'
import { useTold } from '@/i18n/told'
import { Button } from './Button'

/** The key of what is told where nothing came from the server, or not what this window expects. */
function awayKey({ kind, status, detail }: Failure): 'unreachable' | 'silent' | 'outdated' | null {
  if (kind === 'unreachable' || kind === 'silent' || kind === 'outdated') return kind
  return !detail && status >= 502 && status <= 504 ? 'unreachable' : null
}

/** One sentence for what went wrong, in the user's language where it is ours to say. */
export function useFailureText(): (failure: Failure) => string {
  const { t } = useTranslation()
  const told = useTold()
  return failure => {
    const away = awayKey(failure)
    if (away) return t(`failure:${away}`)
    if (failure.detail) return told(failure.detail)
    if (failure.kind === 'failed' && failure.status) return t('failure:failed', { status: failure.status })
    if (failure.kind === 'refused')
      return failure.title ? told(failure.title) : t('failure:refused', { status: failure.status })
    return t('failure:unexpected')
  }
}

type Props = {
  title: string
  error: unknown
  onLayer?: (layer: string) => void
  /** Asks once more; a query with it is also asked again by itself while the server is away. */
  again?: () => unknown
  children?: ReactNode
}

/** A failed call, with all its problems. */
export function FailureBox({ title, error, onLayer, again, children }: Props) {
  const { t } = useTranslation()
  const say = useFailureText()
  const failure = failureOf(error)
  return (
    <div className="failure" role="alert">
      <CircleAlert size={18} aria-hidden />
      <div>
        <strong>{title}</strong>
        {failure.problems.length > 0 ? (
          <ProblemList problems={failure.problems} onLayer={onLayer} />
        ) : (
          <p>
            {say(failure)}
            {again && isAway(error) ? ` ${t('failure:asksAgain')}` : null}
          </p>
        )}
        {children}
        {again ? <Button onClick={() => again()}>{t('app:retry')}</Button> : null}
      </div>
    </div>
  )
}

/** Problems as the server tells them; those of a layer lead to it. */
export function ProblemList(props: { problems: readonly Problem[]; onLayer?: ((layer: string) => void) | undefined }) {
  return (
    <ul className="problem-list">
      {props.problems.map(problem => (
        <li key={JSON.stringify(problem)}>
          <ProblemItem problem={problem} onLayer={props.onLayer} />
        </li>
      ))}
    </ul>
  )
}

function ProblemItem({ problem, onLayer }: { problem: Problem; onLayer?: ((layer: string) => void) | undefined }) {
  const { t } = useTranslation()
  const told = useTold()
  const { layer, param, field, line } = problem.where
  const place = [layer, param ?? field, line ? `:${line}` : null].filter(Boolean).join(' · ')
  const received = problem.received === null || problem.received === undefined ? '' : JSON.stringify(problem.received)
  const text = (
    <>
      {place ? <span className="problem-place">{place}</span> : null}
      <span>{told(problem.rule)}</span>
      {received ? (
        <span className="problem-more">{t('failure:received', { value: received.slice(0, 120) })}</span>
      ) : null}
      {problem.hint ? <span className="problem-more">{t('failure:hint', { text: told(problem.hint) })}</span> : null}
    </>
  )
  if (!layer || !onLayer) return <div className="problem">{text}</div>
  return (
    <button type="button" className="problem problem-link" onClick={() => onLayer(layer)}>
      {text}
    </button>
  )
}
