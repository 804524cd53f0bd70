import { ArrowLeft } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useCompared } from '@/api/compared'
import { useLastingError } from '@/api/queries'
import { marksPath } from '@/pages/location'
import { type Chart, chartsOf } from '@/training/charts'
import { isFinal } from '@/training/follow'
import { polled, type Run } from '@/training/run'
import { useRuns } from '@/training/useRuns'
import { FailureBox } from '@/ui/Failure'
import { Curves } from '../Curves'
import { metricName } from '../texts'
import { MOST, type Shown, useShown } from './address'
import { RunTable } from './RunTable'
import type { Compared } from './rows'
import './compare.css'

/** Browsers allow six connections to a server: so many of the jobs that are under way are followed live. */
const MOST_LIVE = 4

/** Jobs side by side: what they were asked for, how they ended, and their curves in the same charts. */
export function Compare() {
  const { t } = useTranslation()
  const [shown, show] = useShown()
  const ids = shown.ids.slice(0, MOST)
  const { compared, again, ...query } = useCompared(ids)
  const error = useLastingError(query)
  const known = compared.some(({ job, gone }) => job || gone)
  const { runOf, quiet } = useCurvesOf(compared)
  return (
    <>
      <Link href={marksPath(shown.ids)} className="sheet-back">
        <ArrowLeft size={14} aria-hidden />
        {t('jobs:title')}
      </Link>
      <header className="sheet-head">
        <h1>{t('compare:title')}</h1>
      </header>
      {ids.length < 2 ? <p className="field-hint">{t('compare:few')}</p> : null}
      {shown.ids.length > MOST ? <p className="field-hint">{t('compare:most', { count: MOST })}</p> : null}
      {error ? <FailureBox title={t('jobs:readFailed')} error={error} again={again} /> : null}
      {known ? (
        <>
          <RunTable compared={compared} runOf={runOf} shown={shown} onShow={show} />
          <RunCurves compared={compared} runOf={runOf} shown={shown} onShow={show} />
        </>
      ) : null}
      {ids.length > 0 && !known && !error ? <p className="panel-empty">{t('app:loading')}</p> : null}
      {quiet > 0 ? <p className="field-hint">{t('compare:quiet', { count: quiet })}</p> : null}
    </>
  )
}

/** What each job has said. Those that have ended are read once; of more than a few that go on only the newest numbers. */
function useCurvesOf(compared: readonly Compared[]): { runOf: (id: string) => Run; quiet: number } {
  const jobs = compared.flatMap(({ job }) => job ?? [])
  const live = jobs.filter(job => !isFinal(job.state)).map(job => job.id)
  const followed = jobs.filter(job => !live.slice(MOST_LIVE).includes(job.id)).map(job => job.id)
  const heard = useRuns(followed)
  const byId = new Map(jobs.map(job => [job.id, job]))
  const runOf = (id: string) => {
    const job = byId.get(id)
    const { run } = heard(id)
    return job && !isFinal(job.state) ? polled(run, job.metrics) : run
  }
  return { runOf, quiet: Math.max(0, live.length - MOST_LIVE) }
}

type Props = {
  compared: readonly Compared[]
  runOf: (id: string) => Run
  shown: Shown
  onShow: (change: Partial<Shown>) => void
}

/** The curves of all of them, of one metric or each, with a choice of training or validation. */
function RunCurves({ compared, runOf, shown, onShow }: Props) {
  const { t } = useTranslation()
  const runs = compared.map(({ id }, at) => ({ name: t('jobs:runNumber', { number: at + 1 }), run: runOf(id) }))
  const bySteps = (run: Run) => run.step !== null
  const charts = [
    ...chartsOf(runs.filter(({ run }) => !bySteps(run))),
    ...chartsOf(runs.filter(({ run }) => bySteps(run))),
  ]
  const names = runs.map(one => one.name)
  const metrics = [...new Set(charts.map(chart => chart.metric))]
  const metric = metrics.includes(shown.metric) ? shown.metric : ''
  const sides = new Set(charts.flatMap(chart => chart.lines.map(line => line.side)))
  return (
    <Curves
      charts={charts.filter(one => !metric || one.metric === metric).map(one => onSide(one, shown.side))}
      names={names}
      none={t('compare:noCurves')}
    >
      {metrics.length > 1 ? (
        <label className="compare-choice">
          {t('compare:metric')}
          <select className="input" value={metric} onChange={({ target }) => onShow({ metric: target.value })}>
            <option value="">{t('compare:everyMetric')}</option>
            {metrics.map(one => (
              <option key={one} value={one}>
                {metricName(t, one)}
              </option>
            ))}
          </select>
        </label>
      ) : null}
      {sides.has('train') && sides.has('validation') ? (
        <label className="compare-choice">
          {t('compare:side')}
          <select
            className="input"
            value={shown.side}
            onChange={({ target }) => onShow({ side: target.value as Shown['side'] })}
          >
            <option value="both">{t('compare:sideOf.both')}</option>
            <option value="train">{t('compare:sideOf.train')}</option>
            <option value="validation">{t('compare:sideOf.validation')}</option>
          </select>
        </label>
      ) : null}
    </Curves>
  )
}

/** A chart with the lines of one side, where it has such lines. */
function onSide(chart: Chart, side: Shown['side']): Chart {
  const lines = chart.lines.filter(line => line.side === side)
  return side === 'both' || lines.length === 0 ? chart : { ...chart, lines }
}
