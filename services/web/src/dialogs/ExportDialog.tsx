import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCatalogue, useFormats } from '@/api/catalogue'
import { download, exportSpec } from '@/api/conversions'
import { jumpTo } from '@/canvas/actions'
import { exportPicture } from '@/canvas/exportPicture'
import { useTold } from '@/i18n/told'
import { useEditor, useSpec } from '@/store/editor'
import { tellFailure } from '@/store/toasts'
import { Button } from '@/ui/Button'
import { Dialog } from '@/ui/Dialog'
import { FailureBox } from '@/ui/Failure'
import { ReportView } from './ReportView'
import { closeDialog } from './state'

const FIRST = 'keras'

/** Shows what a format makes of the network before anything is downloaded. */
export default function ExportDialog() {
  const { t } = useTranslation()
  const told = useTold()
  const spec = useSpec()
  const edits = useEditor(state => state.history.past.length)
  const formats = useFormats()
  const writable = (formats.data ?? []).filter(one => one.writes)
  const [chosen, setChosen] = useState<string>()
  const target = chosen ?? (writable.some(one => one.name === FIRST) ? FIRST : writable[0]?.name)
  const { data, error, isFetching } = useQuery({
    queryKey: ['export', target, edits, spec.name],
    queryFn: ({ signal }) => exportSpec(spec, target ?? '', signal),
    enabled: target !== undefined && spec.layers.length > 0,
    gcTime: 0,
    placeholderData: chosen ? undefined : keepPreviousData,
  })
  const jump = (layer: string) => {
    closeDialog()
    jumpTo(layer)
  }
  const catalogue = useCatalogue()
  const picture = (kind: 'svg' | 'png') => () =>
    exportPicture(kind, catalogue).catch(reason => tellFailure(t('files:pictureFailed'), reason))
  const footer = (
    <>
      <span className="dialog-aside">
        {t('files:asPicture')}
        <Button disabled={spec.layers.length === 0} onClick={picture('svg')}>
          {t('files:svg')}
        </Button>
        <Button disabled={spec.layers.length === 0} onClick={picture('png')}>
          {t('files:png')}
        </Button>
      </span>
      <Button onClick={closeDialog}>{t('app:close')}</Button>
      <Button
        tone="primary"
        icon={<Download size={15} aria-hidden />}
        disabled={!data || isFetching}
        onClick={() => data && download(data.file)}
      >
        {t('files:download', { name: data?.file.name ?? '' })}
      </Button>
    </>
  )
  return (
    <Dialog title={t('files:exportTitle')} open onClose={closeDialog} footer={footer}>
      {formats.error ? <FailureBox title={t('files:formatsFailed')} error={formats.error} /> : null}
      <fieldset className="formats">
        <legend className="visually-hidden">{t('files:exportTo')}</legend>
        {writable.map(one => (
          <label key={one.name} className="format">
            <input type="radio" name="format" checked={one.name === target} onChange={() => setChosen(one.name)} />
            <span>
              <strong>{told(one.title)}</strong>
              <small>{one.extensions.join(' ')}</small>
            </span>
          </label>
        ))}
      </fieldset>
      {spec.layers.length === 0 ? <p>{t('files:empty')}</p> : null}
      {isFetching ? <p role="status">{t('files:converting')}</p> : null}
      {error && !isFetching ? <FailureBox title={t('files:exportFailed')} error={error} onLayer={jump} /> : null}
      {data && !isFetching ? (
        <section className="done" role="status">
          <h3>{t('files:report')}</h3>
          <ReportView report={data.report} onLayer={jump} />
        </section>
      ) : null}
    </Dialog>
  )
}
