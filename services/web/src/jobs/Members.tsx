import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { readMembers } from '@/api/jobs'
import type { JobView, MembersView } from '@/client/types'
import { useTold } from '@/i18n/told'
import { jobPath } from '@/pages/location'
import { isFinal } from '@/training/follow'
import { type Column, DataTable } from '@/ui/DataTable'
import { FailureBox } from '@/ui/Failure'
import { metricText } from './texts'

const LIVE_MS = 2000

type MemberTraining = MembersView['trainings'][number]
type Report = NonNullable<MembersView['report']>
type Gains = Report['gains'][number]

/** What an ensemble is made of: its trainings while they run, and then what it gained. */
export function Members({ job }: { job: JobView }) {
  const { t } = useTranslation()
  const { data, error, refetch } = useQuery({
    queryKey: ['members', job.id, isFinal(job.state)],
    queryFn: () => readMembers(job.id),
    refetchInterval: isFinal(job.state) ? false : LIVE_MS,
  })
  if (error) return <FailureBox title={t('jobs:readFailed')} error={error} again={refetch} />
  if (!data) return null
  return (
    <>
      {data.report ? <Gain job={job} report={data.report} /> : null}
      {data.trainings.length > 0 ? <Trainings view={data} /> : null}
    </>
  )
}

function Trainings({ view }: { view: MembersView }) {
  const { t } = useTranslation()
  const told = useTold()
  const seeds = view.trainings.some(one => typeof one.seed === 'number')
  const seed: Column<MemberTraining> = {
    id: 'seed',
    title: t('training:field.seed'),
    number: true,
    cell: one => one.seed ?? '–',
  }
  const columns: Column<MemberTraining>[] = [
    {
      id: 'number',
      title: t('jobs:training'),
      names: true,
      cell: one => (one.job ? <Link href={jobPath(one.job)}>{one.number}</Link> : one.number),
    },
    {
      id: 'state',
      title: t('jobs:stateTitle'),
      cell: one => <span title={one.note ? told(one.note) : undefined}>{t(`jobs:trialState.${one.state}`)}</span>,
    },
    ...(seeds ? [seed] : []),
    {
      id: 'value',
      title: view.monitor,
      number: true,
      cell: one => metricText(one.value ?? one.epochs.at(-1)?.[1]),
    },
    { id: 'epoch', title: t('jobs:epoch'), number: true, cell: one => one.epochs.at(-1)?.[0] ?? '–' },
  ]
  return (
    <section className="card">
      <h2>{t('jobs:trainings')}</h2>
      <p>
        {t(`training:ensembleHint.${view.method}`)}
        {view.epochs.length > 0 ? ` ${t('jobs:takenAfter', { epochs: view.epochs.join(', ') })}` : null}
      </p>
      <div className="curve-table">
        <DataTable rows={view.trainings} columns={columns} keyOf={one => one.number} />
      </div>
    </section>
  )
}

/** Members, their mean and the ensemble, a column for each metric of each split. */
function Gain({ job, report }: { job: JobView; report: Report }) {
  const { t } = useTranslation()
  const told = useTold()
  const first = report.monitor.replace(/^val_/, '')
  const kinds = ['mean', 'ensemble', 'over_mean', 'over_best'] as const
  type Shown = { key: string; name: ReactNode; value: (gain: Gains, metric: string) => string }
  const rows: Shown[] = [
    ...report.members.map(one => ({
      key: String(one.number),
      name: (
        <>
          <Link href={jobPath(one.job)}>{t('jobs:member', { number: one.number })}</Link>
          <About {...one} />
          {one.number === report.best ? ` · ${t('jobs:bestMember')}` : null}
        </>
      ),
      value: (gain: Gains, metric: string) => metricText(one.metrics[gain.split]?.[metric]),
    })),
    ...kinds.map(kind => ({
      key: kind,
      name: t(`jobs:gainOf.${kind}`),
      value: (gain: Gains, metric: string) =>
        kind.startsWith('over') ? signed(gain[kind][metric]) : metricText(gain[kind][metric]),
    })),
  ]
  const numbers = report.gains.flatMap(gain =>
    Object.keys(gain.ensemble)
      .sort((one, two) => Number(two === first) - Number(one === first) || one.localeCompare(two))
      .map(
        (metric): Column<Shown> => ({
          id: `${gain.split}_${metric}`,
          title: `${t(`jobs:split.${gain.split}`)} ${metric}`,
          number: true,
          cell: row => row.value(gain, metric),
        }),
      ),
  )
  const columns: Column<Shown>[] = [{ id: 'net', title: t('jobs:net'), names: true, cell: row => row.name }, ...numbers]
  return (
    <section className="card">
      <h2>{t('jobs:gain')}</h2>
      {report.notes?.map(note => (
        <p key={note} role="note">
          {told(note)}
        </p>
      ))}
      <div className="curve-table">
        <DataTable rows={rows} columns={columns} keyOf={row => row.key} />
      </div>
      <img src={`${job.links.artifacts}/gain.png`} alt={t('jobs:gainPicture')} className="picture-of-light" />
    </section>
  )
}

function About({ seed, epoch }: Report['members'][number]) {
  const { t } = useTranslation()
  if (typeof epoch === 'number') return ` · ${t('jobs:atEpoch', { epoch })}`
  return typeof seed === 'number' ? ` · ${t('jobs:ofSeed', { seed })}` : null
}

/** Above 0 is better. */
function signed(value: number | undefined): string {
  return value !== undefined && value > 0 ? `+${metricText(value)}` : metricText(value)
}
