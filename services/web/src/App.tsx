import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, Route, Switch } from 'wouter'
import { failureOf } from './api/failure'
import { Dialogs } from './dialogs/Dialogs'
import { HOME } from './pages/location'
import { PAGES } from './pages/registry'
import { TopBar } from './TopBar'
import { ErrorBoundary } from './ui/ErrorBoundary'
import { Toasts } from './ui/Toasts'

/** A refusal is an answer: only what may be better the next time is asked again. */
const client = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => count < 2 && failureOf(error).kind !== 'refused',
      retryDelay: count => 400 * 2 ** count,
      refetchOnWindowFocus: false,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
})

export function App() {
  return (
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={client}>
        <div className="shell">
          <TopBar />
          <ErrorBoundary>
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
        <Dialogs />
        <Toasts />
      </QueryClientProvider>
    </CSPProvider>
  )
}

function NotFound() {
  const { t } = useTranslation()
  return (
    <main className="not-found">
      <p>{t('app:notFound')}</p>
      <Link href={HOME}>{t('app:toEditor')}</Link>
    </main>
  )
}
