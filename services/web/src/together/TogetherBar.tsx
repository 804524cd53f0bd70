import { MessageSquare, UserPlus, Users } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useRoute } from 'wouter'
import { openDialog } from '@/dialogs/state'
import { HOME, modelPath } from '@/pages/location'
import { useEditor } from '@/store/editor'
import { useIdentity } from './identity'
import { myName } from './presence'
import { isShared, type Person, useTogether } from './state'
import './together.css'
import { useDrawer, useThreads } from './useThreads'

const MOST_SHOWN = 4

/** In the top bar while a network is on the canvas: who is here, comments, and the way to share. */
export function TogetherBar() {
  const [atHome] = useRoute(HOME)
  const [atModel] = useRoute(modelPath(':id').replace('%3A', ':'))
  const shared = useTogether(isShared)
  if (!atHome && !atModel) return null
  return (
    <div className="together-bar">
      {shared ? <People /> : null}
      {shared ? <CommentsButton /> : null}
      <ShareButton shared={shared} />
    </div>
  )
}

function ShareButton({ shared }: { shared: boolean }) {
  const { t } = useTranslation()
  const role = useTogether(state => state.role)
  const guest = shared && role !== 'owner'
  const newer = useEditor(state => state.newer !== null)
  return (
    <button
      type="button"
      className="button button-plain share-button"
      disabled={newer}
      onClick={() => openDialog('share')}
    >
      {guest ? <Users size={15} aria-hidden /> : <UserPlus size={15} aria-hidden />}
      {guest ? t(`together:${role}`) : t('together:share')}
    </button>
  )
}

function People() {
  const { t } = useTranslation()
  const people = useTogether(state => state.people)
  const away = useTogether(state => state.status !== 'live')
  const { name, colour } = useIdentity()
  const more = people.slice(MOST_SHOWN)
  return (
    <ul className={away ? 'people people-away' : 'people'} aria-label={t('together:people')}>
      {people.slice(0, MOST_SHOWN).map(person => (
        <Avatar key={person.client} {...person} />
      ))}
      {more.length > 0 ? (
        <li className="avatar avatar-more" title={more.map(one => one.name).join(', ')}>
          {`+${more.length}`}
        </li>
      ) : null}
      <Avatar name={name || myName()} colour={colour} label={t('together:you', { name: name || myName() })} />
    </ul>
  )
}

function Avatar({ name, colour, label = name }: Pick<Person, 'name' | 'colour'> & { label?: string }) {
  return (
    <li className={`avatar person-${colour}`} title={label}>
      <span aria-hidden>{[...name][0]?.toUpperCase()}</span>
      <span className="visually-hidden">{label}</span>
    </li>
  )
}

function CommentsButton() {
  const { t } = useTranslation()
  const open = useDrawer(state => state.open)
  const { threads } = useThreads()
  const waiting = threads.filter(({ first }) => !first.resolved).length
  return (
    <button
      type="button"
      className="icon-button comments-button"
      title={t('together:comments')}
      aria-pressed={open}
      onClick={() => useDrawer.setState({ open: !open })}
    >
      <MessageSquare size={18} aria-hidden />
      <span className="visually-hidden">{t('together:comments')}</span>
      {waiting > 0 ? <span className="badge">{waiting}</span> : null}
    </button>
  )
}
