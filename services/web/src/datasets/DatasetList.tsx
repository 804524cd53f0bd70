import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useDatasets, useDatasetsNamed } from '@/api/datasets'
import type { DatasetView } from '@/client/types'
import { When } from '@/library/When'
import { bytesText } from '@/model/values'
import { datasetPath, goTo } from '@/pages/location'
import { rowsOf } from '@/ui/Listed'
import { type Column, RecordTable } from '@/ui/RecordTable'
import { UploadBox } from './UploadBox'

export function DatasetList() {
  const { t } = useTranslation()
  const query = useDatasets()
  const [typed, setTyped] = useState('')
  const wanted = typed.trim()
  const listed = rowsOf(query.data)
  const found = listed.filter(row => row.name.toLowerCase().includes(wanted.toLowerCase()))
  const named = useDatasetsNamed(query.hasNextPage ? wanted : '').data?.items ?? []
  const rows = [...found, ...named.filter(row => !found.some(one => one.id === row.id))]
  const columns: Column<DatasetView>[] = [
    { id: 'name', title: t('datasets:name'), cell: row => <Link href={datasetPath(row.id)}>{row.name}</Link> },
    { id: 'features', title: t('datasets:features'), cell: featuresText },
    {
      id: 'train',
      title: t('datasets:train'),
      cell: row => (row.splits.train ?? 0).toLocaleString(),
      number: true,
    },
    { id: 'test', title: t('datasets:test'), cell: row => (row.splits.test ?? 0).toLocaleString(), number: true },
    { id: 'size', title: t('datasets:size'), cell: row => bytesText(row.size), number: true },
    { id: 'stored', title: t('datasets:stored'), cell: row => <When at={row.created_at} /> },
  ]
  return (
    <>
      <header className="sheet-head">
        <h1>{t('datasets:title')}</h1>
        <div className="bar-space" />
        <input
          type="search"
          className="input"
          placeholder={t('datasets:search')}
          aria-label={t('datasets:search')}
          value={typed}
          onChange={event => setTyped(event.target.value)}
        />
      </header>
      <UploadBox onStored={row => goTo(datasetPath(row.id))} />
      <RecordTable
        name="datasets"
        query={query}
        rows={rows}
        columns={columns}
        keyOf={row => row.id}
        failed={t('datasets:listFailed')}
        empty={wanted === '' ? t('datasets:none') : t('files:nothingFound')}
      />
    </>
  )
}

function featuresText({ schema }: DatasetView): string {
  const texts = schema.features.map(one => `${one.name} [${one.shape.join(', ')}]`)
  return texts.length > 4 ? `${texts.slice(0, 4).join(', ')}, …` : texts.join(', ')
}
