import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useLastingError } from '@/api/queries'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'

type Query = {
  readonly error: unknown
  readonly isPending: boolean
  readonly isFetching: boolean
  readonly hasNextPage: boolean
  readonly isFetchingNextPage: boolean
  readonly refetch: () => unknown
  readonly fetchNextPage: () => unknown
}

type Props = { query: Query; count: number; failed: string; empty: ReactNode; children: ReactNode }

/** A list that is fetched page by page: the rows, or why there are none, and the way to the next page. */
export function Listed({ query, count, failed, empty, children }: Props) {
  const { t } = useTranslation()
  const error = useLastingError(query)
  return (
    <>
      {error ? <FailureBox title={failed} error={error} again={query.refetch} /> : null}
      {count > 0 ? children : null}
      {count === 0 && !error ? <div className="panel-empty">{query.isPending ? t('app:loading') : empty}</div> : null}
      {query.hasNextPage ? (
        <Button disabled={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
          {t('app:more')}
        </Button>
      ) : null}
    </>
  )
}

/** All rows that are here. */
export function rowsOf<T>(data: { readonly pages: readonly { readonly items: readonly T[] }[] } | undefined): T[] {
  return (data?.pages ?? []).flatMap(page => page.items)
}
