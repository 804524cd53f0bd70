import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormats } from '@/api/catalogue'
import { download, exportSpec } from '@/api/conversions'
import { failureOf, lacksWeights } from '@/api/failure'
import { jumpTo } from '@/canvas/actions'
import type { Format } from '@/client/types'
import { useTold } from '@/i18n/told'
import { useEditor, useSpec } from '@/store/editor'
import { Button } from '@/ui/Button'
import { Dialog } from '@/ui/Dialog'
import { FailureBox } from '@/ui/Failure'
import { NewerExport } from './NewerExport'
import { PictureButtons } from './PictureButtons'
import { ReportView } from './ReportView'
import { closeDialog } from './state'
import { WeightsChoice, type WeightsFrom } from './WeightsChoice'

const FIRST = 'keras'

export default function ExportDialog() {
  const newer = useEditor(state => state.newer)
  return newer ? <NewerExport newer={newer} /> : <Formatted />
}

/** Shows what a format makes of the network before anything is downloaded. */
function Formatted() {
  const { t } = useTranslation()
  const spec = useSpec()
  const formats = useFormats()
  const writable = (formats.data ?? []).filter(one => one.writes)
  const [chosen, setChosen] = useState<string>()
  const target = chosen ?? (writable.some(one => one.name === FIRST) ? FIRST : writable[0]?.name)
  const [from, setFrom] = useState<WeightsFrom>('')
  const carries = writable.some(one => one.name === target && one.carries_weights)
  const weights = carries ? from : ''
  const { data, error, isFetching } = useExported(target, weights, chosen === undefined)
  const done = isFetching ? undefined : data
  const lacking = lacksWeights(failureOf(error)) // one problem for every layer, and the way on is in the window
  const failed = isFetching || lacking ? null : error
  const jump = (layer: string) => {
    closeDialog()
    jumpTo(layer)
  }
  const footer = (
    <>
      <PictureButtons />
      <Button onClick={closeDialog}>{t('app:close')}</Button>
      <Button
        tone="primary"
        icon={<Download size={15} aria-hidden />}
        disabled={!done}
        onClick={() => done && download(done.file)}
      >
        {t('files:download', { name: data?.file.name ?? '' })}
      </Button>
    </>
  )
  return (
    <Dialog title={t('files:exportTitle')} open onClose={closeDialog} footer={footer}>
      {formats.error ? (
        <FailureBox title={t('files:formatsFailed')} error={formats.error} again={formats.refetch} />
      ) : null}
      <Formats formats={writable} target={target} onTarget={setChosen} />
      {carries ? <WeightsChoice from={from} onFrom={setFrom} lacking={lacking} /> : null}
      {spec.layers.length === 0 ? <p>{t('files:empty')}</p> : null}
      {isFetching ? <p role="status">{t('files:converting')}</p> : null}
      {failed ? <FailureBox title={t('files:exportFailed')} error={failed} onLayer={jump} /> : null}
      {done ? (
        <section className="done" role="status">
          <h3>{t('files:report')}</h3>
          <ReportView report={done.report} onLayer={jump} />
        </section>
      ) : null}
    </Dialog>
  )
}

type FormatsProps = { formats: readonly Format[]; target: string | undefined; onTarget: (name: string) => void }

function Formats({ formats, target, onTarget }: FormatsProps) {
  const { t } = useTranslation()
  const told = useTold()
  return (
    <fieldset className="formats">
      <legend className="visually-hidden">{t('files:exportTo')}</legend>
      {formats.map(one => (
        <label key={one.name} className="format">
          <input type="radio" name="format" checked={one.name === target} onChange={() => onTarget(one.name)} />
          <span>
            <strong>{told(one.title)}</strong>
            <small>{one.extensions.join(' ')}</small>
          </span>
        </label>
      ))}
    </fieldset>
  )
}

/** What a format makes of the network; `keep` shows the answer before while the next one comes. */
function useExported(target: string | undefined, weights: WeightsFrom, keep: boolean) {
  const spec = useSpec()
  const edits = useEditor(state => state.history.past.length)
  return useQuery({
    queryKey: ['export', target, edits, spec.name, weights],
    queryFn: ({ signal }) => exportSpec(spec, { target: target ?? '', weights }, signal),
    enabled: target !== undefined && spec.layers.length > 0,
    gcTime: 0,
    placeholderData: keep ? keepPreviousData : undefined,
  })
}
