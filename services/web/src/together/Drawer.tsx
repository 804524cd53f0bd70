import { X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { beginThread } from '@/api/together'
import { useSelection } from '@/store/editor'
import { FailureBox } from '@/ui/Failure'
import { myName } from './presence'
import { isShared, mayComment, useTogether } from './state'
import { ThreadView } from './ThreadView'
import { useDrawer, useThreads } from './useThreads'
import { WriteBox } from './WriteBox'

/** The comments beside the canvas: those of the selected layer, or all. */
export function Drawer() {
  const { t } = useTranslation()
  const { open, resolved } = useDrawer()
  const shared = useTogether(isShared)
  if (!open || !shared) return null
  return (
    <aside className="drawer" aria-label={t('together:comments')}>
      <header className="drawer-head">
        <h2>{t('together:comments')}</h2>
        <label className="drawer-filter">
          <input
            type="checkbox"
            checked={resolved}
            onChange={event => useDrawer.setState({ resolved: event.target.checked })}
          />
          {t('together:showResolved')}
        </label>
        <button
          type="button"
          className="icon-button"
          aria-label={t('app:close')}
          title={t('app:close')}
          onClick={() => useDrawer.setState({ open: false })}
        >
          <X size={17} aria-hidden />
        </button>
      </header>
      <NewThread />
      <Threads resolved={resolved} />
    </aside>
  )
}

function NewThread() {
  const { t } = useTranslation()
  const model = useTogether(state => state.model) ?? ''
  const may = useTogether(mayComment)
  const keys = useTogether(state => state.keys)
  const selection = useSelection()
  const name = selection.length === 1 ? selection[0] : undefined
  const layer = keys.get(name ?? '')
  if (!may) return null
  if (name === undefined || layer === undefined) return <p className="drawer-hint">{t('together:selectLayer')}</p>
  return (
    <WriteBox
      key={name}
      label={t('together:commentOn', { name })}
      send={t('together:comment')}
      onSend={text => beginThread(model, { layer, layer_name: name, author: myName(), text })}
    />
  )
}

function Threads({ resolved }: { resolved: boolean }) {
  const { t } = useTranslation()
  const { threads, error } = useThreads()
  const selection = useSelection()
  const [one] = selection.length === 1 ? selection : []
  const shown = threads.filter(
    ({ first, layer }) => (resolved || !first.resolved) && (one === undefined || layer === one),
  )
  if (error) return <FailureBox title={t('together:commentsFailed')} error={error} />
  if (shown.length === 0) return <p className="drawer-hint">{t('together:noComments')}</p>
  return (
    <ol className="threads">
      {shown.map(thread => (
        <ThreadView key={thread.first.id} thread={thread} />
      ))}
    </ol>
  )
}
