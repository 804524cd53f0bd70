import { CircleAlert, CircleCheck, CloudAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useFeedback } from '@/api/FeedbackContext'
import { bytesText, countText } from '@/model/values'
import { showTab } from '@/panel/state'
import { useSpec } from '@/store/editor'
import { useFailureText } from '@/ui/Failure'

/** Below the canvas: size, cost, whether it fits, and whether it can be built. */
export function Totals() {
  const { t } = useTranslation()
  const { summary, pending } = useFeedback()
  const layers = useSpec().layers.length
  const memory = summary?.memory
  return (
    <footer className={pending ? 'totals pending' : 'totals'} aria-live="off">
      <Status />
      <Total name={t('panel:layers')} value={layers.toLocaleString()} />
      <Total name={t('panel:paramCount')} value={summary ? summary.params.toLocaleString() : null} id="total-params" />
      <Total name={t('panel:macs')} value={summary?.macs == null ? null : countText(summary.macs)} />
      <div className="bar-space" />
      {memory?.training_bytes != null ? (
        <button type="button" className="fit" onClick={() => showTab('network')} title={t('panel:memory')}>
          <span>{`${t('panel:training')} ${bytesText(memory.training_bytes)}`}</span>
          {memory.fit ? (
            <meter
              min={0}
              max={memory.fit.device_bytes}
              value={Math.min(memory.training_bytes, memory.fit.device_bytes)}
              className={memory.fit.training_fits === false ? 'over' : ''}
              aria-label={t('panel:memory')}
            />
          ) : null}
        </button>
      ) : null}
    </footer>
  )
}

function Total({ name, value, id }: { name: string; value: string | null; id?: string }) {
  const { t } = useTranslation()
  return (
    <span className="total" id={id}>
      <span>{name}</span> <strong>{value ?? t('panel:unknown')}</strong>
    </span>
  )
}

function Status() {
  const { t } = useTranslation()
  const say = useFailureText()
  const { problems, failure, summary } = useFeedback()
  if (failure) {
    return (
      <span className="status status-bad" role="alert">
        <CloudAlert size={16} aria-hidden /> {say(failure)}
      </span>
    )
  }
  if (problems.length > 0) {
    return (
      <button type="button" className="status status-bad" onClick={() => showTab('problems')}>
        <CircleAlert size={16} aria-hidden /> {t('canvas:problems', { count: problems.length })}
      </button>
    )
  }
  if (!summary) return null
  return (
    <span className="status status-good" title={t('panel:noProblems')}>
      <CircleCheck size={16} aria-label={t('panel:noProblems')} />
    </span>
  )
}
