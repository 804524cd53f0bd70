import { CircleAlert, CircleCheck, CircleMinus, CircleX } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useArtifact } from '@/api/artifacts'
import type { JobView } from '@/client/types'
import { useTold } from '@/i18n/told'
import { FailureBox } from '@/ui/Failure'
import './checklist.css'

const ICONS = { pass: CircleCheck, warn: CircleAlert, fail: CircleX, skip: CircleMinus } as const

/** What a check job found: a verdict and its reason, line by line. */
export function Checklist({ job }: { job: JobView }) {
  const { t } = useTranslation()
  const told = useTold()
  const { data, error, refetch } = useArtifact(job, 'check.json')
  if (error) return <FailureBox title={t('jobs:readFailed')} error={error} again={refetch} />
  if (!data) return null
  return (
    <section className="card">
      <h2>{t('jobs:checked')}</h2>
      <ul className="checklist">
        {data.items.map(item => {
          const Icon = ICONS[item.verdict]
          return (
            <li key={`${item.name} ${item.layer} ${item.reason}`} className={`checklist-${item.verdict}`}>
              <Icon size={18} aria-label={t(`jobs:verdict.${item.verdict}`)} role="img" />
              <div>
                <strong>{t(`jobs:item.${item.name}`, { defaultValue: item.name })}</strong>
                <p>{told(item.reason)}</p>
                {item.hint ? <p className="field-hint">{told(item.hint)}</p> : null}
              </div>
            </li>
          )
        })}
      </ul>
      {data.notes.map(note => (
        <p key={note} className="field-hint">
          {told(note)}
        </p>
      ))}
    </section>
  )
}
