import { Search } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { failureOf } from '@/api/failure'
import { jumpTo } from '@/canvas/actions'
import type { Problem } from '@/client/types'
import { useTold } from '@/i18n/told'
import { useSpec } from '@/store/editor'
import { useRecipe } from '@/store/recipe'
import { startSearch, useSearch, useSearching } from '@/store/search'
import { DatasetChoice } from '@/training/DatasetChoice'
import { sorted } from '@/training/recipe'
import { Dimensions } from '@/training/tune/Dimensions'
import { wrong } from '@/training/tune/dimensions'
import { SearchFields } from '@/training/tune/SearchFields'
import { Shared } from '@/training/tune/Shared'
import { Button } from '@/ui/Button'
import { Dialog } from '@/ui/Dialog'
import { FailureBox, ProblemList } from '@/ui/Failure'
import { closeDialog } from './state'
import '@/training/tune/tune.css'

/** A search over recipes and networks: what is varied, how values are chosen, and what all trials share. */
export default function TuneDialog() {
  const { t } = useTranslation()
  const told = useTold()
  const { pending, error } = useSearching()
  const failure = error ? failureOf(error) : null
  const { fields, others } = sorted(failure?.problems ?? [], told)
  const ofRecipe = (failure?.problems ?? []).filter(isOfRecipe)
  const ofDataset = others.filter(one => one.where?.field === 'dataset')
  const rest = [...others.filter(one => one.where?.field !== 'dataset'), ...ofRecipe]
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (error) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [error])
  const jump = (layer: string) => {
    closeDialog()
    jumpTo(layer)
  }
  return (
    <Dialog title={t('tune:title')} open wide onClose={closeDialog} footer={<Foot busy={pending} />}>
      <form
        id="tune"
        ref={form}
        className="tune"
        onSubmit={event => {
          event.preventDefault()
          void startSearch()
        }}
      >
        <div className="tune-main">
          <Dimensions errors={fields} />
          {failure && failure.problems.length === 0 ? <FailureBox title={t('tune:failed')} error={error} /> : null}
          {rest.length > 0 ? (
            <section className="problems-bad" role="alert">
              <h3>{t(ofRecipe.length > 0 ? 'tune:refusedRecipe' : 'tune:refused')}</h3>
              <ProblemList problems={rest} onLayer={jump} />
            </section>
          ) : null}
        </div>
        <div className="tune-side">
          <DatasetChoice storedOnly error={ofDataset.map(one => told(one.rule)).join(' ') || undefined} />
          <Shared />
          <SearchFields errors={fields} />
        </div>
      </form>
    </Dialog>
  )
}

const isOfRecipe = ({ where }: Problem) => /^params\.recipe\b/.test(where?.field ?? '')

/** What comes of it, why it cannot begin, and the button. */
function Foot({ busy }: { busy: boolean }) {
  const { t } = useTranslation()
  const layers = useSpec().layers.map(one => one.name)
  const dataset = useRecipe(state => state.dataset)
  const dimensions = useSearch(state => state.dimensions)
  const bad = dimensions.filter(one => wrong(one, layers) !== null).length
  const missing = dataset === '' ? t('training:noDataset') : dimensions.length === 0 ? t('tune:none') : null
  const why = missing ?? (bad > 0 ? t('tune:bad', { count: bad }) : null)
  return (
    <>
      <span className="dialog-aside" role="status">
        {why ?? t('training:savesFirst')}
      </span>
      <Button onClick={closeDialog}>{t('app:cancel')}</Button>
      <Button
        type="submit"
        form="tune"
        tone="primary"
        disabled={busy || why !== null}
        icon={<Search size={15} aria-hidden />}
      >
        {busy ? t('training:starting') : t('tune:start')}
      </Button>
    </>
  )
}
