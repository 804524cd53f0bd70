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
import { Toasts } from './ui/Toasts'

const client = makeQueryClient()

export function App() {
  const [here] = useLocation()
  const dialog = useDialog(state => state.name)
  return (
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={client}>
        <div className="shell">
          <TopBar />
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
        <ErrorBoundary resetOn={dialog} onDismiss={closeDialog}>
          <Dialogs />
        </ErrorBoundary>
        <ErrorBoundary onDismiss={dismissAll}>
          <Toasts />
        </ErrorBoundary>
      </QueryClientProvider>
    </CSPProvider>
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
