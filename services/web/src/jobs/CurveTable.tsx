import { useTranslation } from 'react-i18next'
import { aligned, type Chart, RATE } from '@/training/charts'
import { metricName, metricText } from './texts'

const MOST_ROWS = 200

/** What the charts show, as numbers: the last epochs first. */
export function CurveTable({ charts }: { charts: readonly Chart[] }) {
  const { t } = useTranslation()
  const lines = charts.flatMap(chart => chart.lines)
  const several = new Set(lines.map(line => line.name)).size > 1
  const [places, ...columns] = aligned(lines)
  const told = lines.map(line => lines.length === 1 || line.metric !== RATE) // between epochs the rate has no row alone
  const rows = places
    .map((x, at) => ({ x, values: columns.map(column => column[at]) }))
    .filter(({ values }) => values.some((value, at) => told[at] && value !== null))
    .reverse()
  return (
    <div className="curve-table">
      <table className="sheet-table">
        <thead>
          <tr>
            <th scope="col">{t(`jobs:unit.${charts[0]?.unit ?? 'epoch'}`)}</th>
            {lines.map(line => (
              <th key={`${line.name} ${line.metric}`} scope="col" className="number">
                {[several ? line.name : '', metricName(t, line.metric)].filter(Boolean).join(' · ')}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map(row => (
            <tr key={row.x}>
              <td>{Number(row.x.toFixed(2))}</td>
              {row.values.map((value, at) => (
                <td key={`${lines[at]?.name} ${lines[at]?.metric}`} className="number">
                  {metricText(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
