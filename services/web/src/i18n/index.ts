import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { loadTold } from './told'

/** A language: add a folder with the same files, and a line here. */
export const LANGUAGES = [
  { code: 'en', name: 'English' },
  { code: 'zh-CN', name: '简体中文' },
] as const

export type Language = (typeof LANGUAGES)[number]['code']
type Texts = Record<string, unknown>

const CHOSEN = 'visualnn.language'
/** One file a feature; its name is the namespace of its keys. English is the fallback, and always there. */
const english = import.meta.glob<Texts>('./en/*.json', { eager: true, import: 'default' })
const others = import.meta.glob<Texts>(['./*/*.json', '!./en/*.json'], { import: 'default' })

const namespace = (path: string) => path.replace(/^.*\/|\.json$/g, '')

export async function startI18n(): Promise<void> {
  const resources = Object.fromEntries(Object.entries(english).map(([path, texts]) => [namespace(path), texts]))
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    supportedLngs: LANGUAGES.map(one => one.code),
    resources: { en: resources },
    defaultNS: 'app',
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
  })
  await speak(preferred())
}

export async function speak(language: Language): Promise<void> {
  const files = Object.entries(others).filter(([path]) => path.startsWith(`./${language}/`))
  const [loaded] = await Promise.all([
    Promise.all(files.map(async ([path, load]) => [namespace(path), await load()] as const)),
    loadTold(language),
  ])
  for (const [ns, texts] of loaded) i18next.addResourceBundle(language, ns, texts, true, true)
  await i18next.changeLanguage(language)
  document.documentElement.lang = language
}

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(CHOSEN, language)
  await speak(language)
}

function preferred(): Language {
  const wanted = [localStorage.getItem(CHOSEN) ?? '', ...navigator.languages]
  for (const one of wanted) {
    const exact = LANGUAGES.find(language => language.code === one)
    if (exact) return exact.code
    if (one.startsWith('zh')) return 'zh-CN'
    if (one.startsWith('en')) return 'en'
  }
  return 'en'
}
