import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { deleteOperator, useOperator, useOperatorVersions } from '@/api/operators'
import { goTo, OPERATORS } from '@/pages/location'
import { TestPanel } from '@/predict/TestPanel'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { Listed, rowsOf } from '@/ui/Listed'
import { Deleting } from './Deleting'
import './library.css'
import { OperatorFacts } from './OperatorFacts'
import { OperatorVersions } from './OperatorVersions'

/** An operator: try it out, what it takes and was made from, its versions and their aliases. */
export function OperatorDetail({ name }: { name: string }) {
  const { t } = useTranslation()
  const operator = useOperator(name)
  const versions = useOperatorVersions(name)
  const client = useQueryClient()
  const [wanted, setWanted] = useState<number | null>(null)
  const rows = rowsOf(versions.data)
  const shown = rows.find(row => row.version === wanted) ?? operator.data
  const remove = async () => {
    await deleteOperator(name)
    client.removeQueries({ queryKey: ['operator', name] })
    client.invalidateQueries({ queryKey: ['operators'] })
    goTo(OPERATORS)
  }
  if (operator.error) {
    return (
      <main className="library">
        <FailureBox title={t('library:operatorFailed', { name })} error={operator.error}>
          <Button onClick={() => operator.refetch()}>{t('app:retry')}</Button>
        </FailureBox>
        <Link href={OPERATORS}>{t('library:toOperators')}</Link>
      </main>
    )
  }
  return (
    <main className="library">
      <header className="library-head">
        <h1>
          <Link href={OPERATORS}>{t('library:operators')}</Link> / {name}
        </h1>
        <Deleting what={name} text={t('library:deleteOperatorText')} onDelete={remove} />
      </header>
      <div className="library-columns library-test">
        <section className="card" aria-label={t('predict:title')}>
          <h2>
            {t('predict:title')}
            {shown ? <span className="muted"> {t('predict:withVersion', { version: shown.version })}</span> : null}
          </h2>
          {shown ? <TestPanel operator={shown} /> : <p className="panel-empty">{t('app:loading')}</p>}
        </section>
        <section>
          {shown ? <OperatorFacts operator={shown} /> : null}
          <h2>{t('library:versions')}</h2>
          <Listed query={versions} count={rows.length} failed={t('library:versionsFailed')} empty={null}>
            <OperatorVersions name={name} rows={rows} shown={shown?.version ?? 0} onShow={setWanted} />
          </Listed>
        </section>
      </div>
    </main>
  )
}
