import { Copy, DoorClosed, Link2, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { closeRoom, openRoom, useShares, useSharing } from '@/api/together'
import type { LinkRole, NewShareView, ShareView } from '@/client/types'
import { When } from '@/library/When'
import { isUnsaved, useEditor } from '@/store/editor'
import { saveQuietly } from '@/store/saving'
import { tell, tellFailure } from '@/store/toasts'
import { callMyself, LONGEST_NAME, useIdentity } from '@/together/identity'
import { enter, leave } from '@/together/room'
import { isShared, useTogether } from '@/together/state'
import { Button, IconButton } from '@/ui/Button'
import { Dialog } from '@/ui/Dialog'
import { FailureBox } from '@/ui/Failure'
import { Field } from '@/ui/Field'
import { TextInput } from '@/ui/TextInput'
import { closeDialog } from './state'

const ROLES: readonly LinkRole[] = ['viewer', 'commenter', 'editor'] as LinkRole[]

/** Working together on this model: what one is called, and the links that let others in. */
export default function ShareDialog() {
  const { t } = useTranslation()
  const shared = useTogether(isShared)
  const role = useTogether(state => state.role)
  const model = useEditor(state => state.origin?.id ?? '')
  return (
    <Dialog title={t('together:title')} open onClose={closeDialog}>
      <Name />
      {shared && role !== 'owner' ? <p>{t(`together:is_${role}`)}</p> : null}
      {shared && role === 'owner' ? <Links model={model} /> : null}
      {shared && role === 'owner' ? <Close model={model} /> : null}
      {shared ? null : <Start />}
    </Dialog>
  )
}

function Name() {
  const { t } = useTranslation()
  const name = useIdentity(state => state.name)
  return (
    <Field label={t('together:name')} hint={t('together:nameHint')}>
      {ids => <TextInput {...ids} value={name} maxLength={LONGEST_NAME} onText={callMyself} lazy />}
    </Field>
  )
}

function Start() {
  const { t } = useTranslation()
  const empty = useEditor(state => state.history.present.spec.layers.length === 0)
  const [busy, setBusy] = useState(false)
  const start = async () => {
    setBusy(true)
    try {
      const { origin } = useEditor.getState()
      if (origin === null || isUnsaved(useEditor.getState())) await saveQuietly()
      const id = useEditor.getState().origin?.id
      if (!id) return // it could not be saved, which was told
      await openRoom(id)
      await enter(id)
    } catch (error) {
      tellFailure(t('together:startFailed'), error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <p>{t('together:startText')}</p>
      <div className="actions">
        <Button tone="primary" disabled={empty || busy} onClick={start}>
          {t('together:start')}
        </Button>
      </div>
    </>
  )
}

/** The end of working together: saved first, so that nobody's work is lost. */
function Close({ model }: { model: string }) {
  const { t } = useTranslation()
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  const close = async () => {
    setBusy(true)
    try {
      if (isUnsaved(useEditor.getState())) await saveQuietly()
      if (isUnsaved(useEditor.getState())) return // it could not be saved, which was told: nothing is closed
      await closeRoom(model)
      leave()
      tell(t('together:closed'))
      closeDialog()
    } catch (error) {
      tellFailure(t('together:closeFailed'), error)
    } finally {
      setBusy(false)
    }
  }
  if (!asking) {
    return (
      <div className="actions">
        <Button icon={<DoorClosed size={15} aria-hidden />} onClick={() => setAsking(true)}>
          {t('together:close')}
        </Button>
      </div>
    )
  }
  return (
    <section className="links" aria-label={t('together:close')}>
      <p>{t('together:closeText')}</p>
      <div className="actions">
        <Button onClick={() => setAsking(false)}>{t('app:cancel')}</Button>
        <Button tone="danger" disabled={busy} onClick={close}>
          {t('together:closeNow')}
        </Button>
      </div>
    </section>
  )
}

function Links({ model }: { model: string }) {
  const { t } = useTranslation()
  const { data, error } = useShares(model)
  const { make, revoke } = useSharing(model)
  const [made, setMade] = useState<NewShareView | null>(null)
  const create = (role: LinkRole, label: string) => {
    setMade(null)
    make.mutateAsync({ role, label }).then(setMade, failure => tellFailure(t('together:linkFailed'), failure))
  }
  const remove = (id: string) =>
    revoke.mutateAsync(id).then(
      () => setMade(before => (before?.id === id ? null : before)),
      failure => tellFailure(t('together:linkFailed'), failure),
    )
  return (
    <section className="links">
      <h3>{t('together:links')}</h3>
      <NewLink busy={make.isPending} onCreate={create} />
      {made ? <MadeLink key={made.id} made={made} /> : null}
      {error ? <FailureBox title={t('together:linkFailed')} error={error} /> : null}
      <ul className="link-list">
        {(data?.items ?? []).map(share => (
          <LinkRow key={share.id} share={share} onRevoke={() => remove(share.id)} />
        ))}
      </ul>
    </section>
  )
}

function NewLink({ busy, onCreate }: { busy: boolean; onCreate: (role: LinkRole, label: string) => void }) {
  const { t } = useTranslation()
  const [role, setRole] = useState<LinkRole>('viewer' as LinkRole)
  const [label, setLabel] = useState('')
  return (
    <div className="new-link">
      <select
        className="input"
        aria-label={t('together:role')}
        value={role}
        onChange={event => setRole(event.target.value as LinkRole)}
      >
        {ROLES.map(one => (
          <option key={one} value={one}>
            {t(`together:${one}`)}
          </option>
        ))}
      </select>
      <TextInput
        aria-label={t('together:label')}
        placeholder={t('together:label')}
        value={label}
        maxLength={100}
        onText={setLabel}
      />
      <Button icon={<Link2 size={15} aria-hidden />} disabled={busy} onClick={() => onCreate(role, label.trim())}>
        {t('together:makeLink')}
      </Button>
      <p className="field-hint">{t(`together:may_${role}`)}</p>
    </div>
  )
}

/** The link is shown once: the gateway keeps only a hash of its token. */
function MadeLink({ made }: { made: NewShareView }) {
  const { t } = useTranslation()
  const address = location.origin + made.path
  const copy = () =>
    navigator.clipboard.writeText(address).then(
      () => tell(t('together:copied')),
      error => tellFailure(t('together:copyFailed'), error),
    )
  return (
    <div className="made-link">
      <input
        className="input"
        readOnly
        aria-label={t('together:address')}
        value={address}
        onFocus={event => event.currentTarget.select()}
      />
      <Button tone="primary" icon={<Copy size={15} aria-hidden />} onClick={copy}>
        {t('together:copy')}
      </Button>
      <p className="field-hint">{t('together:shownOnce')}</p>
    </div>
  )
}

function LinkRow({ share, onRevoke }: { share: ShareView; onRevoke: () => void }) {
  const { t } = useTranslation()
  return (
    <li>
      <span className="link-role">{t(`together:${share.role}`)}</span>
      <span className="link-label">{share.label}</span>
      <When at={share.created_at} />
      <IconButton label={t('together:revoke')} onClick={onRevoke}>
        <Trash2 size={15} aria-hidden />
      </IconButton>
    </li>
  )
}
