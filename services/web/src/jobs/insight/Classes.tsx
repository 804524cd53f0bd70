import { useTranslation } from 'react-i18next'
import { useArtifact, useArtifacts } from '@/api/artifacts'
import { metricText } from '../texts'
import { marksOf } from './outputs'
import type { InsightProps } from './panels'
import { splitText } from './split'

/** How well each class is told, by each output that tells classes. */
export function Classes({ job }: InsightProps) {
  const { data = [] } = useArtifacts(job)
  return marksOf(data, 'classes', '.json').map(mark => <OfOutput key={mark} job={job} file={`classes${mark}.json`} />)
}

function OfOutput({ job, file }: { job: InsightProps['job']; file: `classes${string}.json` }) {
  const { t } = useTranslation()
  const { data } = useArtifact(job, file)
  if (!data) return null
  return (
    <section className="card">
      <h2>{data.output ? t('jobs:classesOf', { output: data.output }) : t('jobs:classes')}</h2>
      <p className="field-hint">{t('jobs:samplesOf', { count: data.samples, split: splitText(t, data.split) })}</p>
      <div className="curve-table">
        <table className="sheet-table">
          <thead>
            <tr>
              {['class', 'samples', 'precision', 'recall', 'f1'].map(name => (
                <th key={name} scope="col" className={name === 'class' ? '' : 'number'}>
                  {t(`jobs:column.${name}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.classes.map(row => (
              <tr key={row.class}>
                <th scope="row">{row.class}</th>
                <td className="number">{row.samples}</td>
                {[row.precision, row.recall, row.f1].map((value, at) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place
                  <td key={at} className="number">
                    {value === null ? '' : metricText(value)}
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
