import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useOperators } from '@/api/operators'
import type { OperatorView } from '@/client/types'
import { shapeText } from '@/model/values'
import { goTo, operatorPath } from '@/pages/location'
import { TextInput } from '@/ui/TextInput'
import { Listed, rowsOf } from './Listed'
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
      <Listed
        query={query}
        count={rows.length}
        failed={t('library:operatorsFailed')}
        empty={wanted ? t('library:noMatch') : t('library:noOperators')}
      >
        <table className="table">
          <thead>
            <tr>
              <th>{t('library:name')}</th>
              <th>{t('library:version')}</th>
              <th>{t('library:task')}</th>
              <th>{t('library:inputs')}</th>
              <th>{t('library:created')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(row => (
              <Row key={row.name} row={row} />
            ))}
          </tbody>
        </table>
      </Listed>
    </main>
  )
}

function Row({ row }: { row: OperatorView }) {
  const taskText = useTaskText()
  return (
    <tr>
      <td>
        <Link href={operatorPath(row.name)} className="table-name">
          {row.name}
        </Link>
      </td>
      <td>{row.version}</td>
      <td>{taskText(row.task)}</td>
      <td className="mono">{row.signature.inputs.map(input => shapeText(input.shape)).join(', ')}</td>
      <td>
        <When at={row.created_at} />
      </td>
    </tr>
  )
}
