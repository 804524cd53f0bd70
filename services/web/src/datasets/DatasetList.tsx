import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useDatasets, useDatasetsNamed } from '@/api/datasets'
import type { DatasetView } from '@/client/types'
import { bytesText } from '@/model/values'
import { datasetPath, goTo } from '@/pages/location'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { Known } from './Known'
import { UploadBox } from './UploadBox'

export function DatasetList() {
  const { t } = useTranslation()
  const { data, error, isPending, hasNextPage, fetchNextPage, refetch } = useDatasets()
  const [typed, setTyped] = useState('')
  const wanted = typed.trim()
  const listed = (data?.pages ?? []).flatMap(page => page.items)
  const found = listed.filter(row => row.name.toLowerCase().includes(wanted.toLowerCase()))
  const named = useDatasetsNamed(hasNextPage ? wanted : '').data?.items ?? []
  const rows = [...found, ...named.filter(row => !found.some(one => one.id === row.id))]
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
      <Known />
      {error ? (
        <FailureBox title={t('datasets:listFailed')} error={error}>
          <Button onClick={() => refetch()}>{t('app:retry')}</Button>
        </FailureBox>
      ) : null}
      {rows.length > 0 ? <Table rows={rows} /> : null}
      {rows.length === 0 && !error ? (
        <p className="panel-empty">
          {isPending ? t('app:loading') : wanted === '' ? t('datasets:none') : t('files:nothingFound')}
        </p>
      ) : null}
      {hasNextPage ? (
        <p className="sheet-more">
          <Button onClick={() => fetchNextPage()}>{t('app:more')}</Button>
        </p>
      ) : null}
    </>
  )
}

function Table({ rows }: { rows: readonly DatasetView[] }) {
  const { t, i18n } = useTranslation()
  const when = (text: string) =>
    new Date(text).toLocaleString(i18n.language, { dateStyle: 'medium', timeStyle: 'short' })
  return (
    <div className="card datasets-list">
      <table className="sheet-table">
        <thead>
          <tr>
            <th scope="col">{t('datasets:name')}</th>
            <th scope="col">{t('datasets:features')}</th>
            <th scope="col" className="number">
              {t('datasets:train')}
            </th>
            <th scope="col" className="number">
              {t('datasets:test')}
            </th>
            <th scope="col" className="number">
              {t('datasets:size')}
            </th>
            <th scope="col">{t('datasets:stored')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={row.id}>
              <td>
                <Link href={datasetPath(row.id)}>{row.name}</Link>
              </td>
              <td>{featuresText(row)}</td>
              <td className="number">{(row.splits.train ?? 0).toLocaleString()}</td>
              <td className="number">{(row.splits.test ?? 0).toLocaleString()}</td>
              <td className="number">{bytesText(row.size)}</td>
              <td>{when(row.created_at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function featuresText({ schema }: DatasetView): string {
  const texts = schema.features.map(one => `${one.name} [${one.shape.join(', ')}]`)
  return texts.length > 4 ? `${texts.slice(0, 4).join(', ')}, …` : texts.join(', ')
}
