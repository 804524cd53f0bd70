import i18next from 'i18next'
import { Component, type ReactNode } from 'react'
import { failureOf } from '@/api/failure'
import { fetchAgain, isServed } from '@/api/parts'
import { Button } from './Button'

type Props = {
  readonly children: ReactNode
  /** Another value shows the children again. */
  readonly resetOn?: unknown
  /** For a part beside the page, such as a dialog: the page stays, and this is told in its corner until dismissed. */
  readonly onDismiss?: () => void
}

const AGAIN_MS = 3000

type State = { readonly error: Error | null; readonly resetOn: unknown }

/** No blank page: a fault of ours is told, and the draft is there after a reload. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: null, resetOn: this.props.resetOn }

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  static getDerivedStateFromProps({ resetOn }: Props, state: State): State | null {
    return state.resetOn === resetOn ? null : { error: null, resetOn }
  }

  private timer: ReturnType<typeof setTimeout> | undefined

  /** A page that the server could not give is fetched once it can. A dialog would come up when nobody waits for it. */
  override componentDidUpdate(_: Props, before: State) {
    if (before.error !== this.state.error) this.watch()
  }

  override componentDidMount() {
    this.watch()
  }

  override componentWillUnmount() {
    clearTimeout(this.timer)
  }

  private watch() {
    clearTimeout(this.timer)
    const { error } = this.state
    if (!error || !isLost(error) || this.props.onDismiss) return
    this.timer = setTimeout(async () => {
      const served = await isServed()
      if (this.state.error !== error) return
      if (served) this.again()
      else this.watch()
    }, AGAIN_MS)
  }

  private readonly again = () => {
    fetchAgain()
    this.setState({ error: null })
  }

  override render() {
    const { error } = this.state
    if (!error) return this.props.children
    return this.props.onDismiss ? this.beside(error, this.props.onDismiss) : this.instead(error)
  }

  private instead(error: Error) {
    return (
      <main className="not-found" role="alert">
        <p>
          {textOf(error)}
          {isLost(error) ? ` ${i18next.t('failure:asksAgain')}` : null}
        </p>
        {isOurs(error) ? <pre>{error.message}</pre> : null}
        {isLost(error) ? (
          <Button tone="primary" onClick={this.again}>
            {i18next.t('app:retry')}
          </Button>
        ) : (
          <Button tone="primary" onClick={() => location.reload()}>
            {i18next.t('app:reload')}
          </Button>
        )}
      </main>
    )
  }

  private beside(error: Error, onDismiss: () => void) {
    const dismiss = () => {
      onDismiss()
      this.setState({ error: null })
    }
    return (
      <div className="toast toast-error" role="alert">
        <div className="toast-text">
          <span>{textOf(error)}</span>
          {isOurs(error) ? <p>{error.message}</p> : null}
        </div>
        {isLost(error) ? <Button onClick={this.again}>{i18next.t('app:retry')}</Button> : null}
        {isOurs(error) || isLost(error) ? null : (
          <Button onClick={() => location.reload()}>{i18next.t('app:reload')}</Button>
        )}
        <Button onClick={dismiss}>{i18next.t('app:dismiss')}</Button>
      </div>
    )
  }
}

/** Whether the fault lies in the editor, not in a part of it that could not be fetched. */
const isOurs = (error: Error) => !['outdated', 'unreachable'].includes(failureOf(error).kind)

/** A part that the server was not there to give. */
const isLost = (error: Error) => failureOf(error).kind === 'unreachable'

function textOf(error: Error): string {
  if (isOurs(error)) return i18next.t('app:crashed')
  return i18next.t(failureOf(error).kind === 'outdated' ? 'failure:outdated' : 'failure:partLost')
}
