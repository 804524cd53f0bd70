import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { idOf } from '@/api/identity'
import type { Answer, Samples } from '@/api/operators'
import { part } from '@/api/parts'
import type { OperatorView } from '@/client/types'
import { FailureBox } from '@/ui/Failure'
import { Result } from '../Result'
import { disagreement } from './answers'

/** Float32 in another order of sums differs by less. */
const GATE = 1e-4

type Props = { readonly operator: OperatorView; readonly samples: Samples | null; readonly server: Answer | undefined }

/** The same question answered by this browser, and how far the two answers are apart. */
export function TabAnswer({ operator, samples, server }: Props) {
  const { t } = useTranslation()
  const [on, setOn] = useState(false)
  const { data, error, isFetching } = useQuery({
    queryKey: ['predict', 'tab', operator.name, operator.version, samples && idOf(samples)],
    queryFn: async () => (await part(() => import('./runInTab'))).predictInTab(operator, samples ?? {}),
    enabled: on && samples !== null,
    placeholderData: keepPreviousData,
    gcTime: 0,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const shown = on && samples ? data : undefined
  return (
    <section className="tab-answer">
      <label className="check">
        <input type="checkbox" checked={on} onChange={event => setOn(event.target.checked)} />
        {t('predict:inTab')}
      </label>
      <p className="field-hint">{t('predict:inTabHint')}</p>
      {on && error ? <FailureBox title={t('predict:tabFailed')} error={error} /> : null}
      {on && isFetching && !shown ? <p role="status">{t('predict:tabLoading')}</p> : null}
      {shown && server && !isFetching ? <Compared server={server} tab={shown} /> : null}
      {shown && !server ? <Result answer={shown} operator={operator} /> : null}
    </section>
  )
}

function Compared({ server, tab }: { server: Answer; tab: Answer }) {
  const { t } = useTranslation()
  const difference = disagreement(server, tab)
  const agrees = difference < GATE
  return (
    <>
      <table className="table tab-compared">
        <thead>
          <tr>
            <th scope="col">{t('predict:computedBy')}</th>
            <th scope="col">{t('predict:answer')}</th>
            <th scope="col">{t('predict:time')}</th>
          </tr>
        </thead>
        <tbody>
          <Row name={t('predict:byServer')} answer={server} />
          <Row name={t('predict:byTab')} answer={tab} />
        </tbody>
      </table>
      <p className={agrees ? 'tab-agrees' : 'tab-differs'} data-difference={difference} role="status">
        {t(agrees ? 'predict:agree' : 'predict:differ', { difference: difference.toExponential(1) })}
      </p>
    </>
  )
}

function Row({ name, answer }: { name: string; answer: Answer }) {
  const { t } = useTranslation()
  const [first] = answer.predictions
  const said = first?.class ?? JSON.stringify(first?.values)?.slice(0, 60)
  const score = first?.score == null ? '' : ` · ${(first.score * 100).toFixed(3)} %`
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{`${said ?? ''}${score}`}</td>
      <td>{t('predict:ms', { ms: answer.ms.toFixed(1) })}</td>
    </tr>
  )
}
