import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { JobView } from '@/client/types'
import { reasons, useTold } from '@/i18n/told'
import { jobPath } from '@/pages/location'
import { Facts } from '@/panel/Facts'
import { needed } from '@/training/tune/fields'
import { shortName } from '@/training/tune/places'
import { isEmpty, valueText } from './texts'

type Params = Readonly<Record<string, unknown>>

/** Told by a part of the page that has a picture or a table for it. */
const TOLD_ELSEWHERE = new Set(['gain', 'best', 'warnings'])
/** Fields that are jobs: each leads to its page. */
const JOBS = new Set(['best_job', 'best_member', 'members', 'jobs', 'ensemble', 'tune'])

/** The recipe: what was given, what each training of a search or an ensemble has of it, and what was chosen, and why. */
export function Chosen({ job }: { job: JobView }) {
  const { t } = useTranslation()
  const label = useLabel(job.kind)
  const { own, shared } = givenTo(job)
  return (
    <section className="card">
      <h2>{t('jobs:recipe')}</h2>
      <Facts facts={own.map(([name, value]) => [label(name), valueText(value)] as const)} />
      {shared.length > 0 ? (
        <>
          <h3>{t('jobs:eachTraining')}</h3>
          <Facts
            facts={shared.map(([name, value]) => [
              t(`training:field.${name}`, { defaultValue: name }),
              valueText(value),
            ])}
          />
        </>
      ) : null}
      <Reasons job={job} />
    </section>
  )
}

/** What was chosen, and why. */
function Reasons({ job }: { job: JobView }) {
  const { t } = useTranslation()
  const told = useTold()
  const label = useLabel(job.kind)
  const shown = (name: string) => job.kind === 'train' || !TOLD_ELSEWHERE.has(name)
  const chosen = Object.entries(job.chosen ?? {}).filter(([name]) => shown(name))
  return (
    <>
      {chosen.length > 0 ? <h3>{t('jobs:chosen')}</h3> : null}
      <dl className="jobs-chosen">
        {chosen.map(([name, { value, why }]) => (
          <div key={name}>
            <dt>{label(name)}</dt>
            <dd>
              {JOBS.has(name) ? <JobLinks ids={value} /> : <code>{valueText(value)}</code>}
              <span>{reasons(why ?? '', told)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </>
  )
}

function JobLinks({ ids }: { ids: unknown }) {
  const all = Array.isArray(ids) ? ids : [ids]
  return all.map(String).map(id => (
    <Link key={id} className="jobs-id" href={jobPath(id)}>
      {id}
    </Link>
  ))
}

/** The name of a field; what a search or an ensemble has of its own comes before a training's namesake. */
function useLabel(kind: JobView['kind']): (name: string) => string {
  const { t } = useTranslation()
  const own = (name: string) => (kind === 'ensemble' ? [`training:ensembleField.${name}`] : [])
  const found = (name: string) =>
    kind === 'tune' || kind === 'ensemble'
      ? [`tune:field.${name}`, `training:field.${name}`]
      : [`training:field.${name}`, `tune:field.${name}`]
  return name => t([...own(name), `jobs:chosenField.${name}`, ...found(name)], { defaultValue: shortName(name) })
}

/** What was given: of a search or an ensemble its own fields that count, and those that all its trainings share. */
function givenTo(job: JobView): { own: [string, unknown][]; shared: [string, unknown][] } {
  const given = (params: Params) =>
    Object.entries(params).filter(([name, value]) => !isEmpty(value) && !(name in (job.chosen ?? {})))
  if (job.kind !== 'tune' && job.kind !== 'ensemble') return { own: given(job.params), shared: [] }
  const { space: _drawn, recipe, ...own } = needed(job.params)
  const { seed: _ofTrials, ...shared } = (recipe ?? {}) as Params
  const trains = job.kind === 'tune' || !['top_k', 'jobs'].includes(String(own.method))
  return { own: given(own), shared: trains ? given(shared) : [] }
}
