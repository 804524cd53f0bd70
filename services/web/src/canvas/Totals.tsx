import { CircleAlert, CircleCheck, CloudAlert, LoaderCircle } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useFeedback } from '@/api/FeedbackContext'
import { bytesText, countText } from '@/model/values'
import { showTab } from '@/panel/state'
import { useSpec } from '@/store/editor'
import { useFailureText } from '@/ui/Failure'
import { useSlow } from '@/ui/useSlow'

/** Below the canvas: size, cost, whether it fits, and whether it can be built. */
export function Totals() {
  const { t } = useTranslation()
  const { pending, failure } = useFeedback()
  const slow = useSlow(pending)
  const layers = useSpec().layers.length
  return (
    <footer className={slow ? 'totals stale' : 'totals'} aria-live="off" aria-busy={slow}>
      <Status slow={slow} />
      <Total name={t('panel:layers')} value={layers.toLocaleString()} live />
      {failure ? null : <Computed />}
    </footer>
  )
}

/** What the server computes; where it fails, what it told before must not stand beside why. */
function Computed() {
  const { t } = useTranslation()
  const { summary } = useFeedback()
  const memory = summary?.memory
  return (
    <>
      <Total name={t('panel:paramCount')} value={summary ? summary.params.toLocaleString() : null} id="total-params" />
      <Total name={t('panel:macs')} value={summary?.macs == null ? null : countText(summary.macs)} />
      <div className="bar-space" />
      {memory?.training_bytes != null ? (
        <button type="button" className="fit of-before" onClick={() => showTab('network')} title={t('panel:memory')}>
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
    </>
  )
}

type TotalProps = { name: string; value: string | null; id?: string; live?: boolean }

/** `live`: known here, and never of the network as it was before. */
function Total({ name, value, id, live = false }: TotalProps) {
  const { t } = useTranslation()
  return (
    <span className={live ? 'total' : 'total of-before'} id={id}>
      <span>{name}</span> <strong>{value ?? t('panel:unknown')}</strong>
    </span>
  )
}

function Status({ slow }: { slow: boolean }) {
  const { t } = useTranslation()
  const say = useFailureText()
  const { problems, failure, summary } = useFeedback()
  if (failure) {
    return (
      <span className="status status-bad" role="alert" title={say(failure)}>
        <CloudAlert size={16} aria-hidden />
        <span>{say(failure)}</span>
      </span>
    )
  }
  if (slow) {
    return (
      <span className="status" role="status">
        <LoaderCircle size={16} className="turning" aria-hidden /> {t('panel:computing')}
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
