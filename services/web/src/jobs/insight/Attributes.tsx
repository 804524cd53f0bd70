import { useTranslation } from 'react-i18next'
import { useArtifact, useArtifacts } from '@/api/artifacts'
import { metricText } from '../texts'
import { marksOf } from './outputs'
import type { InsightProps } from './panels'
import { splitText } from './split'

const SHARES = ['precision', 'recall', 'f1', 'roc_auc'] as const

/** How well each of several yes-or-no answers is told, by each output that gives such. */
export function Attributes({ job }: InsightProps) {
  const { data = [] } = useArtifacts(job)
  const files = marksOf(data, 'attributes', '.json').map(mark => `attributes${mark}.json` as const)
  return files.map(file => <OfOutput key={file} job={job} file={file} />)
}

function OfOutput({ job, file }: { job: InsightProps['job']; file: `attributes${string}.json` }) {
  const { t } = useTranslation()
  const { data } = useArtifact(job, file)
  if (!data) return null
  const rows = [...data.attributes, { attribute: t('jobs:allAttributes'), ...data.micro }]
  return (
    <section className="card">
      <h2>{[t('jobs:attributes'), data.output].filter(Boolean).join(' · ')}</h2>
      <p className="field-hint">
        {t('jobs:attributesHint', {
          count: data.samples,
          split: splitText(t, data.split),
          threshold: data.threshold,
          accuracy: metricText(data.accuracy),
          right: metricText(data.all_right),
        })}
      </p>
      <div className="curve-table">
        <table className="sheet-table">
          <thead>
            <tr>
              <th scope="col">{t('jobs:column.attribute')}</th>
              {(['support', ...SHARES] as const).map(name => (
                <th key={name} scope="col" className="number">
                  {t(`jobs:column.${name}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(row => (
              <tr key={row.attribute}>
                <th scope="row">{row.attribute}</th>
                <td className="number">{row.support}</td>
                {SHARES.map(name => (
                  <td key={name} className="number">
                    {row[name] === null ? '' : metricText(row[name])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
