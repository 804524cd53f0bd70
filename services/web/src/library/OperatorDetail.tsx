import { useQueryClient } from '@tanstack/react-query'
import { ArrowLeft } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { deleteOperator, useOperator, useOperatorVersions } from '@/api/operators'
import { useLastingError } from '@/api/queries'
import { goTo, OPERATORS } from '@/pages/location'
import { TestPanel } from '@/predict/TestPanel'
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
  const error = useLastingError(operator)
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
  if (error) {
    return (
      <main className="library">
        <Link href={OPERATORS} className="sheet-back">
          <ArrowLeft size={14} aria-hidden />
          {t('library:operators')}
        </Link>
        <FailureBox title={t('library:operatorFailed', { name })} error={error} again={operator.refetch} />
      </main>
    )
  }
  return (
    <main className="library">
      <Link href={OPERATORS} className="sheet-back">
        <ArrowLeft size={14} aria-hidden />
        {t('library:operators')}
      </Link>
      <header className="library-head">
        <h1>{name}</h1>
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
