import { ArrowLeft } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { JOBS, jobPath } from '@/pages/location'
import { chartsOf } from '@/training/charts'
import { useRuns } from '@/training/useRuns'
import { Curves } from './Curves'

/** Browsers allow six connections to a server. */
const MOST = 4

/** The curves of several trainings in the same charts. */
export function Compare({ ids }: { ids: readonly string[] }) {
  const { t } = useTranslation()
  const shown = ids.slice(0, MOST)
  const runOf = useRuns(shown)
  const runs = shown.map((id, at) => ({ name: t('jobs:runNumber', { number: at + 1 }), run: runOf(id).run }))
  return (
    <>
      <Link href={JOBS} className="sheet-back">
        <ArrowLeft size={14} aria-hidden />
        {t('jobs:title')}
      </Link>
      <header className="sheet-head">
        <h1>{t('jobs:comparing')}</h1>
      </header>
      <p className="chips compare-runs">
        {shown.map((id, at) => (
          <Link key={id} href={jobPath(id)} className="chip">
            {`${runs[at]?.name}: ${id}`}
          </Link>
        ))}
      </p>
      {ids.length > MOST ? <p className="field-hint">{t('jobs:compareMost', { count: MOST })}</p> : null}
      <Curves charts={chartsOf(runs)} />
    </>
  )
}
