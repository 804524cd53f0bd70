import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Upload } from 'lucide-react'
import { type DragEvent, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { uploadDataset } from '@/api/datasets'
import type { DatasetView } from '@/client/types'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'

type Props = { readonly small?: boolean; readonly onStored: (dataset: DatasetView) => void }

/** Takes the files of a data set by drop or choice, tells how much of it was sent, and every problem that the server found in it. */
export function UploadBox({ small = false, onStored }: Props) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [over, setOver] = useState(false)
  const [share, setShare] = useState(0)
  const input = useRef<HTMLInputElement>(null)
  const stopping = useRef<AbortController | null>(null)
  useEffect(() => () => stopping.current?.abort(), [])
  const upload = useMutation({
    mutationFn: (files: readonly File[]) => {
      setShare(0)
      stopping.current = new AbortController()
      return uploadDataset(files, setShare, stopping.current.signal)
    },
    onSuccess: dataset => {
      client.setQueryData(['dataset', dataset.id], dataset)
      void client.invalidateQueries({ queryKey: ['datasets'] })
      onStored(dataset)
    },
  })
  const take = (files: FileList | null) => files?.length && !upload.isPending && upload.mutate([...files])
  const onDrop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    take(event.dataTransfer.files)
  }
  const onDragOver = (event: DragEvent) => {
    event.preventDefault()
    setOver(true)
  }
  const cancelled = upload.error instanceof DOMException
  return (
    <>
      <section
        className={['drop', over && 'drop-over', small && 'drop-small'].filter(Boolean).join(' ')}
        aria-label={t('datasets:upload')}
        onDrop={onDrop}
        onDragOver={onDragOver}
        onDragLeave={() => setOver(false)}
      >
        {upload.isPending ? (
          <Sending
            name={upload.variables.map(file => file.name).join(', ')}
            share={share}
            onCancel={() => stopping.current?.abort()}
          />
        ) : (
          <>
            <Upload size={small ? 16 : 20} aria-hidden />
            <span>{t('datasets:drop')}</span>
            <Button onClick={() => input.current?.click()}>{t('datasets:chooseFile')}</Button>
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
      {upload.error && !cancelled ? <FailureBox title={t('datasets:uploadFailed')} error={upload.error} /> : null}
    </>
  )
}

function Sending({ name, share, onCancel }: { name: string; share: number; onCancel: () => void }) {
  const { t } = useTranslation()
  const text = share < 1 ? t('datasets:sending', { name }) : t('datasets:checking', { name })
  return (
    <div className="sending" role="status">
      <span>{text}</span>
      <progress value={share} max={1} aria-label={text} />
      <Button onClick={onCancel}>{t('app:cancel')}</Button>
    </div>
  )
}
