import { useTranslation } from 'react-i18next'
import type { Summary } from '@/client/types'
import { bytesText } from '@/model/values'

/** Memory for training and for inference beside what the device has. */
export function FitMeter({ summary }: { summary: Summary | null }) {
  const { t } = useTranslation()
  const fit = summary?.memory.fit
  if (!summary || !fit) return null
  const { memory } = summary
  return (
    <div className="meters">
      <Bar
        label={t('panel:training')}
        bytes={memory.training_bytes ?? null}
        device={fit.device_bytes}
        fits={fit.training_fits}
        largest={fit.largest_training_batch}
      />
      <Bar
        label={t('panel:inference')}
        bytes={memory.inference_bytes ?? null}
        device={fit.device_bytes}
        fits={fit.inference_fits}
        largest={fit.largest_inference_batch}
      />
    </div>
  )
}

type BarProps = { label: string; bytes: number | null; device: number; fits: boolean | null; largest: number | null }

function Bar({ label, bytes, device, fits, largest }: BarProps) {
  const { t } = useTranslation()
  if (bytes === null) return null
  const verdict = fits ? t('panel:fits') : t('panel:doesNotFit')
  return (
    <div className={fits ? 'meter' : 'meter meter-over'}>
      <div className="meter-head">
        <span>{label}</span>
        <span>{`${bytesText(bytes)} / ${bytesText(device)} · ${verdict}`}</span>
      </div>
      <meter min={0} max={device} value={Math.min(bytes, device)} aria-label={label} />
      {largest === null ? null : (
        <p className="field-hint">
          {t('panel:largestBatch', { count: largest, replace: { count: largest.toLocaleString() } })}
        </p>
      )}
    </div>
  )
}
