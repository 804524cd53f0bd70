import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useModelSearch } from '@/api/models'
import type { ModelRow } from '@/client/types'
import { HOME, modelPath, versionsPath } from '@/pages/location'
import { type Column, RecordTable } from '@/ui/RecordTable'
import { TextInput } from '@/ui/TextInput'
import './library.css'
import { When } from './When'

/** The stored models, the newest first; a search asks the server for a part of the name. */
export function ModelList() {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const { query, rows } = useModelSearch(typed)
  const columns: Column<ModelRow>[] = [
    {
      id: 'name',
      title: t('library:name'),
      cell: row => (
        <Link href={versionsPath(row.id)} className="table-name">
          {row.name}
        </Link>
      ),
    },
    { id: 'version', title: t('library:version'), cell: row => row.version, number: true },
    { id: 'changed', title: t('library:changed'), cell: row => <When at={row.updated_at} /> },
    {
      id: 'open',
      title: t('library:open'),
      quiet: true,
      cell: row => (
        <Link href={modelPath(row.id)} aria-label={t('library:openName', { name: row.name })}>
          {t('library:open')}
        </Link>
      ),
    },
  ]
  const none = (
    <>
      {t('library:noModels')} <Link href={HOME}>{t('app:toEditor')}</Link>
    </>
  )
  return (
    <main className="library">
      <header className="library-head">
        <h1>{t('library:models')}</h1>
        <TextInput
          type="search"
          placeholder={t('library:searchModels')}
          aria-label={t('library:searchModels')}
          value={typed}
          onText={setTyped}
        />
      </header>
      <p className="field-hint">{t('library:searchHint')}</p>
      <RecordTable
        name="models"
        query={query}
        rows={rows}
        columns={columns}
        keyOf={row => row.id}
        failed={t('library:modelsFailed')}
        empty={typed.trim() ? t('library:noMatch') : none}
      />
    </main>
  )
}
