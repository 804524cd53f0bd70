import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useOperators } from '@/api/operators'
import type { OperatorView } from '@/client/types'
import { shapeText } from '@/model/values'
import { goTo, operatorPath } from '@/pages/location'
import { rowsOf } from '@/ui/Listed'
import { type Column, RecordTable } from '@/ui/RecordTable'
import { TextInput } from '@/ui/TextInput'
import './library.css'
import { useTaskText } from './tasks'
import { When } from './When'

/** The operators. A search filters what is listed, and Enter goes to the operator of that name. */
export function OperatorList() {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const query = useOperators()
  const wanted = typed.trim().toLowerCase()
  const rows = rowsOf(query.data).filter(row => row.name.includes(wanted))
  const taskText = useTaskText()
  const shapes = (row: OperatorView) => row.signature.inputs.map(input => shapeText(input.shape)).join(', ')
  const columns: Column<OperatorView>[] = [
    {
      id: 'name',
      title: t('library:name'),
      cell: row => (
        <Link href={operatorPath(row.name)} className="table-name">
          {row.name}
        </Link>
      ),
    },
    { id: 'version', title: t('library:version'), cell: row => row.version, number: true },
    { id: 'task', title: t('library:task'), cell: row => taskText(row.task) },
    { id: 'inputs', title: t('library:inputs'), cell: row => <span className="mono">{shapes(row)}</span> },
    { id: 'created', title: t('library:created'), cell: row => <When at={row.created_at} /> },
  ]
  return (
    <main className="library">
      <header className="library-head">
        <h1>{t('library:operators')}</h1>
        <TextInput
          type="search"
          placeholder={t('library:searchOperators')}
          aria-label={t('library:searchOperators')}
          value={typed}
          onText={setTyped}
          onKeyDown={event => event.key === 'Enter' && wanted && goTo(operatorPath(wanted))}
        />
      </header>
      <p className="field-hint">{t('library:operatorsHint')}</p>
      <RecordTable
        name="operators"
        query={query}
        rows={rows}
        columns={columns}
        keyOf={row => row.name}
        failed={t('library:operatorsFailed')}
        empty={wanted ? t('library:noMatch') : t('library:noOperators')}
      />
    </main>
  )
}
