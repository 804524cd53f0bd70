import { BookOpen, Keyboard, Settings2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link, matchRoute, useLocation, useRouter } from 'wouter'
import { openDialog } from './dialogs/state'
import { chooseLanguage, LANGUAGES, type Language } from './i18n'
import { PAGES } from './pages/registry'
import { useLastPath } from './store/last'
import { type Theme, usePreferences } from './store/preferences'
import { TogetherBar } from './together/TogetherBar'
import { IconButton } from './ui/Button'
import { Menu, MenuChoices, MenuGroup } from './ui/Menu'

export function TopBar() {
  const { t } = useTranslation()
  return (
    <header className="top">
      <Link href={useLastPath()} className="brand">
        <img src="/favicon.svg" alt="" width={22} height={22} />
        {t('app:title')}
      </Link>
      <nav className="pages" aria-label={t('app:pages')}>
        {PAGES.map(page => (
          <PageLink key={page.title} page={page} />
        ))}
      </nav>
      <div className="bar-space" />
      <TogetherBar />
      <IconButton label={t('app:help')} onClick={() => openDialog('keys')}>
        <Keyboard size={18} aria-hidden />
      </IconButton>
      <a
        className="icon-button"
        href="/docs"
        target="_blank"
        rel="noreferrer"
        aria-label={t('app:apiDocs')}
        title={t('app:apiDocs')}
      >
        <BookOpen size={18} aria-hidden />
      </a>
      <Preferences />
    </header>
  )
}

function PageLink({ page }: { page: (typeof PAGES)[number] }) {
  const { t } = useTranslation()
  const [here] = useLocation()
  const { parser } = useRouter()
  const { usePath = () => page.paths[0] } = page
  const path = usePath()
  const current = page.paths.some(path => matchRoute(parser, path, here)[0])
  return (
    <Link href={path} className="page-link" aria-current={current ? 'page' : undefined}>
      <page.icon size={16} aria-hidden />
      {t(page.title)}
    </Link>
  )
}

function Preferences() {
  const { t, i18n } = useTranslation()
  const theme = usePreferences(state => state.theme)
  const themes: { value: Theme; text: string }[] = [
    { value: 'system', text: t('app:themeSystem') },
    { value: 'light', text: t('app:themeLight') },
    { value: 'dark', text: t('app:themeDark') },
  ]
  const languages = LANGUAGES.map(({ code, name }) => ({ value: code, text: name }))
  return (
    <Menu trigger={<Settings2 size={18} aria-hidden />} label={t('app:preferences')}>
      <MenuGroup title={t('app:theme')}>
        <MenuChoices value={theme} choices={themes} onChoose={value => usePreferences.setState({ theme: value })} />
      </MenuGroup>
      <MenuGroup title={t('app:language')}>
        <MenuChoices<Language> value={i18n.language as Language} choices={languages} onChoose={chooseLanguage} />
      </MenuGroup>
    </Menu>
  )
}
