import { Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useTrainedOf } from '@/api/jobs'
import { useOperatorsOf } from '@/api/operators'
import { lazyPart } from '@/api/parts'
import { Register } from '@/jobs/Register'
import { jobPath, OPERATORS, operatorPath } from '@/pages/location'
import { useEditor, useSpec } from '@/store/editor'
import { FailureBox } from '@/ui/Failure'
import { Field } from '@/ui/Field'

const TestPanel = lazyPart(() => import('@/predict/TestPanel').then(({ TestPanel: it }) => ({ default: it })))

/** Tries out what was trained from the model on the canvas. */
export function OperatorTest() {
  const { t } = useTranslation()
  const id = useEditor(state => state.origin?.id ?? null)
  const query = useOperatorsOf(id)
  const [wanted, setWanted] = useState('')
  const found = query.data ?? []
  const operator = found.find(one => one.name === wanted) ?? found[0]
  if (query.error) return <FailureBox title={t('library:operatorsFailed')} error={query.error} again={query.refetch} />
  if (query.isLoading) return <p className="panel-empty">{t('app:loading')}</p>
  if (!operator) return <NoOperator model={id} />
  return (
    <>
      <Field
        label={t('predict:operator')}
        hint={t('predict:ofVersion', { version: String(operator.lineage.model_version) })}
        aside={<Link href={operatorPath(operator.name)}>{t('predict:details')}</Link>}
      >
        {ids => (
          <select {...ids} className="input" value={operator.name} onChange={event => setWanted(event.target.value)}>
            {found.map(one => (
              <option key={one.name} value={one.name}>
                {one.name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Suspense fallback={<p className="panel-empty">{t('app:loading')}</p>}>
        <TestPanel key={operator.name} operator={operator} />
      </Suspense>
    </>
  )
}

/** What leads on where none was made yet: the newest training of the model, which can be registered here. */
function NoOperator({ model }: { model: string | null }) {
  const { t } = useTranslation()
  const { name } = useSpec()
  const job = useTrainedOf(model).data?.[0]
  if (!job) {
    return (
      <div className="panel-empty">
        <p>{t('predict:noOperator')}</p>
        <Link href={OPERATORS}>{t('library:toOperators')}</Link>
      </div>
    )
  }
  return (
    <>
      <p className="field-hint">
        {t('predict:newestTraining', { version: String(job.model?.version ?? '') })}{' '}
        <Link href={jobPath(job.id)}>
          <code>{job.id}</code>
        </Link>
      </p>
      <Register job={job.id} name={name} />
    </>
  )
}
