import { useQueryClient } from '@tanstack/react-query'
import { Pause, Play, Upload } from 'lucide-react'
import { type DragEvent, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DatasetView } from '@/client/types'
import { bytesText } from '@/model/values'
import { giveUp, goOn, pause, taken, type Uploading, upload, useUploading } from '@/store/uploading'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { BrokenOff } from './BrokenOff'

type Props = { readonly small?: boolean; readonly onStored: (dataset: DatasetView) => void }

/** Takes the files of a data set by drop or choice, tells how much of it was sent, and every problem that the server found in it. */
export function UploadBox({ small = false, onStored }: Props) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [over, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const { now, error, stored } = useUploading()
  useEffect(() => {
    const dataset = stored && taken()
    if (!dataset) return
    client.setQueryData(['dataset', dataset.id], dataset)
    void client.invalidateQueries({ queryKey: ['datasets'] })
    onStored(dataset)
  }, [stored, client, onStored])
  const choose = () => input.current?.click()
  const take = (files: FileList | null) => void upload([...(files ?? [])])
  const onDrop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    take(event.dataTransfer.files)
  }
  const onDragOver = (event: DragEvent) => {
    event.preventDefault()
    setOver(true)
  }
  return (
    <>
      <section
        className={['drop', over && 'drop-over', small && 'drop-small'].filter(Boolean).join(' ')}
        aria-label={t('datasets:upload')}
        onDrop={onDrop}
        onDragOver={onDragOver}
        onDragLeave={() => setOver(false)}
      >
        {now ? (
          <Sending now={now} />
        ) : (
          <>
            <Upload size={small ? 16 : 20} aria-hidden />
            <span>{t('datasets:drop')}</span>
            <Button onClick={choose}>{t('datasets:chooseFile')}</Button>
          </>
        )}
        <input
          ref={input}
          type="file"
          multiple
          accept=".npz,.npy,.csv,.tsv,.txt,.zip,.h5,.hdf5,.gz,.idx,.parquet"
          className="visually-hidden"
          tabIndex={-1}
          aria-label={t('datasets:chooseFile')}
          onChange={event => {
            take(event.target.files)
            event.target.value = '' // the same file, mended, is a change again
          }}
        />
      </section>
      {now ? null : <BrokenOff onChoose={choose} />}
      {error ? <FailureBox title={t('datasets:uploadFailed')} error={error} /> : null}
    </>
  )
}

function Sending({ now }: { now: Uploading }) {
  const { t } = useTranslation()
  const { name, size, sent, stage } = now
  const text = t(`datasets:${stage}`, { name })
  const amount = t('datasets:sentOf', { sent: bytesText(sent), size: bytesText(size) })
  return (
    <div className="sending" role="status">
      <span>{text}</span>
      <progress value={size > 0 ? sent / size : 0} max={1} aria-label={text} />
      <span className="dataset-note">{amount}</span>
      {now.inParts && stage === 'paused' ? (
        <Button icon={<Play size={14} aria-hidden />} onClick={goOn}>
          {t('datasets:goOn')}
        </Button>
      ) : null}
      {now.inParts && (stage === 'sending' || stage === 'lost') ? (
        <Button icon={<Pause size={14} aria-hidden />} onClick={pause}>
          {t('datasets:pause')}
        </Button>
      ) : null}
      {stage === 'checking' ? null : <Button onClick={() => void giveUp()}>{t('app:cancel')}</Button>}
    </div>
  )
}
