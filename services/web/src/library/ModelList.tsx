import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useModels } from '@/api/models'
import { HOME, modelPath, versionsPath } from '@/pages/location'
import { TextInput } from '@/ui/TextInput'
import { Listed, rowsOf } from './Listed'
import './library.css'
import { When } from './When'

/** The stored models, the newest first. A search asks the server for the exact name and filters what is listed. */
export function ModelList() {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const [name, setName] = useState('')
  const query = useModels(name)
  const all = rowsOf(query.data)
  const wanted = typed.trim().toLowerCase()
  const rows = all.filter(row => row.name.toLowerCase().includes(wanted))
  const change = (text: string) => {
    setTyped(text)
    if (name) setName('')
  }
  return (
    <main className="library">
      <header className="library-head">
        <h1>{t('library:models')}</h1>
        <TextInput
          type="search"
          placeholder={t('library:searchModels')}
          aria-label={t('library:searchModels')}
          value={typed}
          onText={change}
          onKeyDown={event => event.key === 'Enter' && setName(typed.trim())}
        />
      </header>
      <p className="field-hint">{t('library:searchHint')}</p>
      <Listed
        query={query}
        count={rows.length}
        failed={t('library:modelsFailed')}
        empty={
          wanted ? (
            t('library:noMatch')
          ) : (
            <>
              {t('library:noModels')} <Link href={HOME}>{t('app:toEditor')}</Link>
            </>
          )
        }
      >
        <table className="table">
          <thead>
            <tr>
              <th>{t('library:name')}</th>
              <th>{t('library:version')}</th>
              <th>{t('library:changed')}</th>
              <th>
                <span className="visually-hidden">{t('library:open')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(row => (
              <tr key={row.id}>
                <td>
                  <Link href={versionsPath(row.id)} className="table-name">
                    {row.name}
                  </Link>
                </td>
                <td>{row.version}</td>
                <td>
                  <When at={row.updated_at} />
                </td>
                <td>
                  <Link href={modelPath(row.id)} aria-label={t('library:openName', { name: row.name })}>
                    {t('library:open')}
                  </Link>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Listed>
    </main>
  )
}
