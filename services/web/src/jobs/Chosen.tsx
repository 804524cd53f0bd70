import { useTranslation } from 'react-i18next'
import type { JobView } from '@/client/types'
import { useTold } from '@/i18n/told'
import { Facts } from '@/panel/Facts'
import { needed } from '@/training/tune/fields'
import { isEmpty, valueText } from './texts'

/** What an ensemble gained has a card of its own. */
const SHOWN = 'gain'

/** The recipe: what was chosen, and why, and what was given. */
export function Chosen({ job }: { job: JobView }) {
  const { t } = useTranslation()
  const told = useTold()
  const chosen = Object.entries(job.chosen ?? {}).filter(([name]) => name !== SHOWN)
  const own = job.kind === 'tune' || job.kind === 'ensemble' ? ['tune', 'jobs', 'training'] : ['training', 'jobs']
  const label = (name: string) =>
    t(
      own.map(space => `${space}:field.${name}`),
      { defaultValue: name },
    )
  const given = Object.entries(paramsOf(job)).filter(
    ([name, value]) => !isEmpty(value) && !(name in (job.chosen ?? {})),
  )
  return (
    <section className="card">
      <h2>{t('jobs:recipe')}</h2>
      <Facts facts={given.map(([name, value]) => [label(name), valueText(value)] as const)} />
      {chosen.length > 0 ? <h3>{t('jobs:chosen')}</h3> : null}
      <dl className="jobs-chosen">
        {chosen.map(([name, { value, why }]) => (
          <div key={name}>
            <dt>{label(name)}</dt>
            <dd>
              <code>{valueText(value)}</code>
              <span>{told(why ?? '') === why ? why.split('; ').map(told).join('; ') : told(why ?? '')}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

/** Of a search or an ensemble: its own fields that count, and those of the recipe that all share; a space has a picture. */
function paramsOf({ kind, params }: JobView): Readonly<Record<string, unknown>> {
  if (kind !== 'tune' && kind !== 'ensemble') return params
  const { space: _drawn, recipe, ...own } = (kind === 'tune' ? needed(params) : params) as Record<string, unknown>
  const { seed: _ofTrials, ...shared } = (recipe ?? {}) as Readonly<Record<string, unknown>>
  return { ...own, ...shared }
}
