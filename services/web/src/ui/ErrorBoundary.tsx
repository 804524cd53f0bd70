import i18next from 'i18next'
import { Component, type ReactNode } from 'react'
import { Button } from './Button'

/** No blank page: a fault of ours is told, and the draft is there after a reload. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null }

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  override render() {
    if (!this.state.error) return this.props.children
    return (
      <main className="not-found" role="alert">
        <p>{i18next.t('app:crashed')}</p>
        <pre>{this.state.error.message}</pre>
        <Button tone="primary" onClick={() => location.reload()}>
          {i18next.t('app:reload')}
        </Button>
      </main>
    )
  }
}
