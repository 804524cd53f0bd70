import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { idOf } from '@/api/identity'
import { predict, type Samples } from '@/api/operators'
import type { OperatorView } from '@/client/types'
import { FailureBox } from '@/ui/Failure'
import { Result } from './Result'
import { TabAnswer } from './tab/TabAnswer'

/** What the server says, and on demand what this browser says. */
export function AnswerTo({ operator, samples }: { operator: OperatorView; samples: Samples | null }) {
  const { t } = useTranslation()
  const query = useQuery({
    queryKey: ['predict', operator.name, operator.version, samples && idOf(samples)],
    queryFn: ({ signal }) => predict(operator, samples ?? {}, signal),
    enabled: samples !== null,
    placeholderData: keepPreviousData,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const answer = query.error ? undefined : query.data
  return (
    <div className="predict-answer">
      {query.error ? (
        <FailureBox title={t('predict:failed')} error={query.error} again={query.refetch} />
      ) : samples && answer ? (
        <Result answer={answer} operator={operator} />
      ) : (
        <p className="panel-empty">{samples ? t('app:loading') : t('predict:nothingYet')}</p>
      )}
      <TabAnswer operator={operator} samples={samples} server={query.isFetching ? undefined : answer} />
    </div>
  )
}
