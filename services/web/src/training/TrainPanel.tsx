import { ListChecks, Play, Search } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useFeedback } from '@/api/FeedbackContext'
import { failureOf } from '@/api/failure'
import { jumpTo } from '@/canvas/actions'
import { openDialog } from '@/dialogs/state'
import { useTold } from '@/i18n/told'
import { showTab } from '@/panel/state'
import { useEditor, useSpec, useUnsaved } from '@/store/editor'
import { environmentOf, useRecipe } from '@/store/recipe'
import { train, useTraining } from '@/store/training'
import { Button } from '@/ui/Button'
import { FailureBox, ProblemList } from '@/ui/Failure'
import { DatasetChoice } from './DatasetChoice'
import { EnsembleForm } from './EnsembleForm'
import { RecipeForm } from './RecipeForm'
import { sorted } from './recipe'
import './training.css'

/** Data set, recipe, and the button that starts a training of what is on the canvas. */
export function TrainPanel() {
  const { t } = useTranslation()
  const told = useTold()
  const form = useRef<HTMLFormElement>(null)
  const { pending, error } = useTraining()
  const failure = error ? failureOf(error) : null
  const { fields, others } = sorted(failure?.problems ?? [], told)
  useEffect(() => {
    // after an attempt, not when a part of its refusal is mended: somebody is writing there
    if (!pending && useTraining.getState().error)
      form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [pending])
  const ofDataset = others.filter(problem => problem.where?.field === 'dataset')
  const ofAll = others.filter(problem => problem.where?.field !== 'dataset')
  return (
    <form
      ref={form}
      className="recipe"
      onSubmit={event => {
        event.preventDefault()
        void train()
      }}
    >
      <DatasetChoice error={ofDataset.map(problem => told(problem.rule)).join(' ') || undefined} />
      <RecipeForm errors={fields} />
      <Ensemble errors={fields} busy={pending} />
      <div className="recipe-foot">
        {failure && failure.problems.length === 0 ? <FailureBox title={t('training:failed')} error={error} /> : null}
        {ofAll.length > 0 ? (
          <section className="problems-bad" role="alert">
            <h3>{t('training:refused')}</h3>
            <ProblemList problems={ofAll} onLayer={jumpTo} />
          </section>
        ) : null}
        {fields.size > 0 ? (
          <p className="field-error" role="alert">
            {t('training:fieldsWrong', { count: fields.size })}
          </p>
        ) : null}
        <Ready busy={pending} />
      </div>
    </form>
  )
}

/** What can be trained can be an ensemble. */
function Ensemble({ errors, busy }: { errors: ReadonlyMap<string, string>; busy: boolean }) {
  const { problems } = useFeedback()
  const empty = useSpec().layers.length === 0
  const dataset = useRecipe(state => state.dataset)
  return <EnsembleForm errors={errors} disabled={busy || empty || dataset === '' || problems.length > 0} />
}

/** The button, and why it cannot be pressed. */
function Ready({ busy }: { busy: boolean }) {
  const { t } = useTranslation()
  const { problems } = useFeedback()
  const empty = useSpec().layers.length === 0
  const unsaved = useUnsaved()
  const stored = useEditor(state => state.origin !== null)
  const dataset = useRecipe(state => state.dataset)
  const broken = problems.length > 0
  const why = empty ? t('training:empty') : dataset === '' ? t('training:noDataset') : null
  return (
    <>
      {broken ? (
        <button type="button" className="recipe-link" onClick={() => showTab('problems')}>
          {t('training:broken', { count: problems.length })}
        </button>
      ) : (
        <p className="field-hint">{why ?? (unsaved || !stored ? t('training:savesFirst') : null)}</p>
      )}
      <Button
        type="submit"
        tone="primary"
        className="recipe-start"
        disabled={busy || broken || why !== null}
        icon={<Play size={15} aria-hidden />}
      >
        {busy ? t('training:starting') : t('training:start')}
      </Button>
      {environmentOf(dataset) === null ? (
        <div className="recipe-others">
          <Button
            onClick={() => void train(true)}
            disabled={busy || broken || why !== null}
            icon={<ListChecks size={15} aria-hidden />}
          >
            {t('training:check')}
          </Button>
          <Button onClick={() => openDialog('tune')} disabled={empty || broken} icon={<Search size={15} aria-hidden />}>
            {t('training:search')}
          </Button>
        </div>
      ) : null}
    </>
  )
}
