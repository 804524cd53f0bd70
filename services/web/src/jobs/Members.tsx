import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { readMembers } from '@/api/jobs'
import type { JobView, MembersView } from '@/client/types'
import { useTold } from '@/i18n/told'
import { jobPath } from '@/pages/location'
import { isFinal } from '@/training/follow'
import { FailureBox } from '@/ui/Failure'
import { metricText } from './texts'

const LIVE_MS = 2000

type Report = NonNullable<MembersView['report']>

/** What an ensemble is made of: its trainings while they run, and then what it gained. */
export function Members({ job }: { job: JobView }) {
  const { t } = useTranslation()
  const { data, error } = useQuery({
    queryKey: ['members', job.id, isFinal(job.state)],
    queryFn: () => readMembers(job.id),
    refetchInterval: isFinal(job.state) ? false : LIVE_MS,
  })
  if (error) return <FailureBox title={t('jobs:readFailed')} error={error} />
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
  return (
    <section className="card">
      <h2>{t('jobs:trainings')}</h2>
      <p>
        {t(`training:ensembleHint.${view.method}`)}
        {view.epochs.length > 0 ? ` ${t('jobs:takenAfter', { epochs: view.epochs.join(', ') })}` : null}
      </p>
      <div className="curve-table">
        <table className="sheet-table">
          <thead>
            <tr>
              <th scope="col">{t('jobs:training')}</th>
              <th scope="col">{t('jobs:stateTitle')}</th>
              {seeds ? (
                <th scope="col" className="number">
                  {t('training:field.seed')}
                </th>
              ) : null}
              <th scope="col" className="number">
                {view.monitor}
              </th>
              <th scope="col" className="number">
                {t('jobs:epoch')}
              </th>
            </tr>
          </thead>
          <tbody>
            {view.trainings.map(one => (
              <tr key={one.number}>
                <th scope="row">{one.job ? <Link href={jobPath(one.job)}>{one.number}</Link> : one.number}</th>
                <td title={one.note ? told(one.note) : undefined}>{t(`jobs:trialState.${one.state}`)}</td>
                {seeds ? <td className="number">{one.seed ?? '–'}</td> : null}
                <td className="number">{metricText(one.value ?? one.epochs.at(-1)?.[1])}</td>
                <td className="number">{one.epochs.at(-1)?.[0] ?? '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

/** Members, their mean and the ensemble, a column for each metric of each split. */
function Gain({ job, report }: { job: JobView; report: Report }) {
  const { t } = useTranslation()
  const told = useTold()
  const first = report.monitor.replace(/^val_/, '')
  const columns = report.gains.flatMap(gain =>
    Object.keys(gain.ensemble)
      .sort((one, two) => Number(two === first) - Number(one === first) || one.localeCompare(two))
      .map(name => ({ gain, name, key: `${gain.split}_${name}` })),
  )
  const kinds = ['mean', 'ensemble', 'over_mean', 'over_best'] as const
  return (
    <section className="card">
      <h2>{t('jobs:gain')}</h2>
      {report.notes?.map(note => (
        <p key={note} role="note">
          {told(note)}
        </p>
      ))}
      <div className="curve-table">
        <table className="sheet-table">
          <thead>
            <tr>
              <th scope="col">{t('jobs:net')}</th>
              {columns.map(({ gain, name, key }) => (
                <th key={key} scope="col" className="number">
                  {`${t(`jobs:split.${gain.split}`)} ${name}`}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {report.members.map(one => (
              <tr key={one.number}>
                <th scope="row">
                  <Link href={jobPath(one.job)}>{t('jobs:member', { number: one.number })}</Link>
                  <About {...one} />
                  {one.number === report.best ? ` · ${t('jobs:bestMember')}` : null}
                </th>
                {columns.map(({ gain, name, key }) => (
                  <td key={key} className="number">
                    {metricText(one.metrics[gain.split]?.[name])}
                  </td>
                ))}
              </tr>
            ))}
            {kinds.map(kind => (
              <tr key={kind}>
                <th scope="row">{t(`jobs:gainOf.${kind}`)}</th>
                {columns.map(({ gain, name, key }) => (
                  <td key={key} className="number">
                    {kind.startsWith('over') ? signed(gain[kind][name]) : metricText(gain[kind][name])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
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
