import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, Route, Switch, useLocation } from 'wouter'
import { makeQueryClient } from './api/queries'
import { Dialogs } from './dialogs/Dialogs'
import { closeDialog, useDialog } from './dialogs/state'
import { PAGES } from './pages/registry'
import { useLastPath } from './store/last'
import { dismissAll } from './store/toasts'
import { TopBar } from './TopBar'
import { ErrorBoundary } from './ui/ErrorBoundary'
import { ServerNotice } from './ui/ServerNotice'
import { Toasts } from './ui/Toasts'

const client = makeQueryClient()

export function App() {
  const [here] = useLocation()
  const dialog = useDialog(state => state.name)
  return (
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={client}>
        <div className="shell">
          <SkipLink />
          <TopBar />
          <ServerNotice />
          <ErrorBoundary resetOn={here}>
            <Suspense>
              <Switch>
                {PAGES.flatMap(({ paths, Content }) =>
                  paths.map(path => <Route key={path} path={path} component={Content} />),
                )}
                <Route component={NotFound} />
              </Switch>
            </Suspense>
          </ErrorBoundary>
        </div>
        <div className="toasts">
          <ErrorBoundary resetOn={dialog} onDismiss={closeDialog}>
            <Dialogs />
          </ErrorBoundary>
          <ErrorBoundary onDismiss={dismissAll}>
            <Toasts />
          </ErrorBoundary>
        </div>
      </QueryClientProvider>
    </CSPProvider>
  )
}

/** The first stop of the Tab key: over the bar, to the canvas or what else the page is about. */
function SkipLink() {
  const { t } = useTranslation()
  const skip = () => {
    const target = document.querySelector<HTMLElement>('.react-flow') ?? document.querySelector<HTMLElement>('main')
    target?.setAttribute('tabindex', '-1')
    target?.focus()
  }
  return (
    <button type="button" className="skip-link" onClick={skip}>
      {t('app:skip')}
    </button>
  )
}

function NotFound() {
  const { t } = useTranslation()
  return (
    <main className="not-found">
      <p>{t('app:notFound')}</p>
      <Link href={useLastPath()}>{t('app:toEditor')}</Link>
    </main>
  )
}
