import { useTranslation } from 'react-i18next'
import type { ConversionReport } from '@/client/types'
import { useTold } from '@/i18n/told'

type Props = { report: ConversionReport; onLayer?: (layer: string) => void }

/** What a conversion mapped, rewrote, dropped and renamed; each line leads to its layer. */
export function ReportView({ report, onLayer }: Props) {
  const { t } = useTranslation()
  const told = useTold()
  const renamed = Object.entries(report.renamed)
  const changed = [report.rewritten, report.approximated, report.dropped, report.notes, renamed]
  const plain = changed.every(part => part.length === 0)
  return (
    <div className="report">
      <p>
        {t('files:mapped', { count: new Set(report.mapped.map(one => one.layer)).size })}
        {plain ? ` · ${t('files:everything')}` : ''}
      </p>
      {report.notes.map(note => (
        <p key={note} className="report-note">
          {told(note)}
        </p>
      ))}
      <Lines
        title={t('files:dropped', { count: report.dropped.length })}
        lines={report.dropped.map(one => ({
          layer: one.layer,
          text: t('files:line', { what: told(one.what), why: told(one.why) }),
        }))}
        onLayer={onLayer}
        open
      />
      <Lines
        title={t('files:approximated', { count: report.approximated.length })}
        lines={report.approximated.map(one => ({
          layer: one.layer,
          text: t('files:line', { what: told(one.rule), why: told(one.bound) }),
        }))}
        onLayer={onLayer}
        open
      />
      <Lines
        title={t('files:rewritten', { count: report.rewritten.length })}
        lines={report.rewritten.map(one => ({
          layer: one.layer,
          text: t('files:line', { what: told(one.rule), why: told(one.why) }),
        }))}
        onLayer={onLayer}
      />
      <Lines
        title={t('files:renamed', { count: renamed.length })}
        lines={renamed.map(([from, to]) => ({ layer: from, text: `→ ${to}` }))}
        onLayer={onLayer}
      />
    </div>
  )
}

type Line = { layer: string; text: string }
type LinesProps = {
  title: string
  lines: readonly Line[]
  onLayer: ((layer: string) => void) | undefined
  open?: boolean
}

function Lines({ title, lines, onLayer, open = false }: LinesProps) {
  if (lines.length === 0) return null
  return (
    <details open={open}>
      <summary>{title}</summary>
      <ul className="problem-list">
        {lines.map(({ layer, text }) => (
          <li key={`${layer} ${text}`}>
            <button type="button" className="problem problem-link" disabled={!onLayer} onClick={() => onLayer?.(layer)}>
              <bdi className="problem-place">{layer}</bdi>
              <bdi>{text}</bdi>
            </button>
          </li>
        ))}
      </ul>
    </details>
  )
}
