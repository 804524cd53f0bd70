import { useMutation } from '@tanstack/react-query'
import { Upload } from 'lucide-react'
import { type DragEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFeatures, useFormats } from '@/api/catalogue'
import { readFile, readUrl } from '@/api/conversions'
import { failureOf, lacksShape } from '@/api/failure'
import { useTold } from '@/i18n/told'
import type { Found } from '@/model/newer'
import { bytesText } from '@/model/values'
import { openNewer, openSpec } from '@/store/opening'
import { tellFailure } from '@/store/toasts'
import { Button } from '@/ui/Button'
import { Dialog } from '@/ui/Dialog'
import { FailureBox } from '@/ui/Failure'
import { Field } from '@/ui/Field'
import { inputShapeOf } from './inputShape'
import { madeByNewer, newerOf, OpenNewer } from './OpenNewer'
import { ReportView } from './ReportView'
import { closeDialog, useDialog } from './state'
import { useDiscard } from './useDiscard'

/** A file or a text in any format that the server reads, with the report of what was understood. */
export default function ImportDialog() {
  const { t } = useTranslation()
  const { guarded, question } = useDiscard()
  const [text, setText] = useState(useDialog.getState().text)
  const [source, setSource] = useState('')
  const [shape, setShape] = useState('')
  const [newer, setNewer] = useState<Found | null>(null)
  const reading = useMutation({
    onMutate: () => setNewer(null),
    onError: async (_, from) => setNewer(await newerOf(from)),
    mutationFn: (from: File | string) => {
      const options = [source || undefined, inputShapeOf(shape)] as const
      return typeof from === 'string' ? readUrl(from, ...options) : readFile(from, ...options)
    },
  })
  const done = reading.data
  // what is typed, or what was read last: with another format or shape it may be read after all
  const given = text.trim() === '' ? reading.variables : new File([text], 'pasted')
  const read = () => given !== undefined && !reading.isPending && reading.mutate(given)
  const open = () =>
    done &&
    guarded(() => {
      closeDialog()
      openSpec(done.spec).catch(error => tellFailure(t('files:openFailed'), error))
    })
  const look = (found: Found) =>
    guarded(() => {
      closeDialog()
      openNewer(found.spec, found.newer).catch(error => tellFailure(t('files:openFailed'), error))
    })
  const footer = done ? (
    <>
      <Button onClick={closeDialog}>{t('app:cancel')}</Button>
      <Button tone="primary" onClick={open}>
        {t('files:openIt')}
      </Button>
    </>
  ) : (
    <>
      <Button onClick={closeDialog}>{t('app:cancel')}</Button>
      <Ways newer={newer} onOpen={look} disabled={given === undefined || reading.isPending} onRead={read} />
    </>
  )
  return (
    <Dialog title={t('files:importTitle')} open onClose={closeDialog} footer={footer}>
      <DropZone
        onFile={file => {
          setText('')
          reading.mutate(file)
        }}
      />
      <textarea
        className="input paste"
        placeholder={t('files:paste')}
        aria-label={t('files:paste')}
        spellCheck={false}
        value={text}
        onChange={event => {
          setText(event.target.value)
          setNewer(null)
          reading.reset()
        }}
      />
      {text === '' ? <Chosen from={reading.variables} /> : null}
      {useFeatures()?.import_urls ? <FromUrl onUrl={url => reading.mutate(url)} /> : null}
      <Options source={source} onSource={setSource} shape={shape} onShape={setShape} onEnter={read} />
      {reading.isPending ? <p role="status">{t('files:reading', { name: nameOf(reading.variables) })}</p> : null}
      {reading.error ? <NotRead error={reading.error} newer={newer} /> : null}
      {done ? (
        <section className="done" role="status">
          <strong>
            <Done name={done.spec.name} />
          </strong>
          <ReportView report={done.report} />
        </section>
      ) : null}
      {question}
    </Dialog>
  )
}

type WaysProps = {
  newer: Found | null
  onOpen: (found: Found) => void
  disabled: boolean
  onRead: () => void
}

/** To read it or, where a newer editor made it, to look at it. */
function Ways({ newer, onOpen, disabled, onRead }: WaysProps) {
  const { t } = useTranslation()
  return (
    <>
      <Button tone={newer ? 'plain' : 'primary'} disabled={disabled || newer !== null} onClick={onRead}>
        {t('files:import')}
      </Button>
      {newer ? <OpenNewer onOpen={() => onOpen(newer)} /> : null}
    </>
  )
}

function NotRead({ error, newer }: { error: unknown; newer: Found | null }) {
  const { t } = useTranslation()
  return (
    <FailureBox title={newer ? madeByNewer(newer.newer, t) : t('files:importFailed')} error={error}>
      {newer ? <p>{t('newer:offer')}</p> : null}
      {lacksShape(failureOf(error)) ? <p>{t('files:shapeNeeded')}</p> : null}
    </FailureBox>
  )
}

/** Which file was chosen, and how large it is. */
function Chosen({ from }: { from: File | string | undefined }) {
  if (!(from instanceof File)) return null
  return (
    <p className="field-hint">
      <bdi>{from.name}</bdi>
      {` · ${bytesText(from.size)}`}
    </p>
  )
}

const SLOT = '\0'

/** A name of whatever direction turns nothing around it. */
function Done({ name }: { name: string }) {
  const { t } = useTranslation()
  const [before, after] = t('files:importDone', { name: SLOT }).split(SLOT)
  return (
    <>
      {before}
      <bdi>{name}</bdi>
      {after}
    </>
  )
}

const nameOf = (from: File | string) => (typeof from === 'string' ? from : from.name)

function FromUrl({ onUrl }: { onUrl: (url: string) => void }) {
  const { t } = useTranslation()
  const [url, setUrl] = useState('')
  const take = () => url.trim() && onUrl(url.trim())
  return (
    <Field label={t('files:fromUrl')} hint={t('files:fromUrlHint')}>
      {ids => (
        <span className="field-with-button">
          <input
            {...ids}
            type="url"
            className="input"
            value={url}
            onChange={event => setUrl(event.target.value)}
            onKeyDown={event => event.key === 'Enter' && take()}
          />
          <Button disabled={url.trim() === ''} onClick={take}>
            {t('files:fetch')}
          </Button>
        </span>
      )}
    </Field>
  )
}

function DropZone({ onFile }: { onFile: (file: File) => void }) {
  const { t } = useTranslation()
  const [over, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const take = (file: File | undefined) => file && onFile(file)
  const onDrop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    take(event.dataTransfer.files[0])
  }
  const onDragOver = (event: DragEvent) => {
    event.preventDefault()
    setOver(true)
  }
  return (
    <section
      className={over ? 'drop drop-over' : 'drop'}
      aria-label={t('files:importTitle')}
      onDrop={onDrop}
      onDragOver={onDragOver}
      onDragLeave={() => setOver(false)}
    >
      <Upload size={20} aria-hidden />
      <span>{t('files:drop')}</span>
      <Button onClick={() => input.current?.click()}>{t('files:choose')}</Button>
      <input
        ref={input}
        type="file"
        className="visually-hidden"
        tabIndex={-1}
        aria-label={t('files:choose')}
        onChange={event => take(event.target.files?.[0])}
      />
    </section>
  )
}

type OptionProps = {
  source: string
  onSource: (text: string) => void
  shape: string
  onShape: (text: string) => void
  onEnter: () => void
}

function Options({ source, onSource, shape, onShape, onEnter }: OptionProps) {
  const { t } = useTranslation()
  const told = useTold()
  const readable = (useFormats().data ?? []).filter(one => one.reads)
  return (
    <div className="field-row">
      <Field label={t('files:format')}>
        {ids => (
          <select {...ids} className="input" value={source} onChange={event => onSource(event.target.value)}>
            <option value="">{t('files:sniffed')}</option>
            {readable.map(one => (
              <option key={one.name} value={one.name}>
                {told(one.title)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t('files:inputShape')}>
        {ids => (
          <input
            {...ids}
            className="input"
            placeholder={t('files:inputShapeHint')}
            value={shape}
            onChange={event => onShape(event.target.value)}
            onKeyDown={event => event.key === 'Enter' && onEnter()}
          />
        )}
      </Field>
    </div>
  )
}
