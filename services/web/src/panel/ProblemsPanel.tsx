import { CircleCheck } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useFeedback } from '@/api/FeedbackContext'
import { CallError } from '@/api/failure'
import { jumpTo } from '@/canvas/actions'
import { useSpec } from '@/store/editor'
import { FailureBox, ProblemList } from '@/ui/Failure'
import { showTab } from './state'

/** To the layer, and to its parameters. */
function mend(layer: string): void {
  jumpTo(layer)
  showTab('layer')
}

/** Everything that keeps the network from being built, and what is worth a thought; each leads to its layer. */
export function ProblemsPanel() {
  const { t } = useTranslation()
  const { problems, warnings, failure } = useFeedback()
  const empty = useSpec().layers.length === 0
  if (failure) return <FailureBox title={t('panel:problems')} error={new CallError(failure)} />
  if (empty) return <p className="panel-empty">{t('panel:noProblemsEmpty')}</p>
  return (
    <>
      {problems.length === 0 ? (
        <p className="panel-good">
          <CircleCheck size={18} aria-hidden />
          {t('panel:noProblems')}
        </p>
      ) : (
        <section className="problems-bad">
          <h3>{t('panel:problemList')}</h3>
          <ProblemList problems={problems} onLayer={mend} />
        </section>
      )}
      {warnings.length > 0 ? (
        <section>
          <h3>{t('panel:warnings')}</h3>
          <ProblemList problems={warnings} onLayer={mend} />
        </section>
      ) : null}
    </>
  )
}
