import { lazy, Suspense, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Diff, LayerDiff } from '@/client/types'
import type { Fate } from '@/model/union'
import { FailureBox } from '@/ui/Failure'
import { choose, useChosen } from './chosen'
import './diff.css'
import { SIGNS } from './signs'
import { useFates, valueText } from './texts'
import { useDrawn } from './useDrawn'

const DiffCanvas = lazy(() => import('./DiffCanvas'))

type DrawnProps = { id: string; from: number; to: number; diff: Diff }

/** The two versions drawn as one network. */
export function DiffDrawn({ id, from, to, diff }: DrawnProps) {
  const { t } = useTranslation()
  const { data, error, refetch } = useDrawn(id, from, to, diff)
  if (error) return <FailureBox title={t('library:drawFailed')} error={error} again={refetch} />
  if (!data) return <p className="panel-empty">{t('app:loading')}</p>
  return (
    <Suspense fallback={<p className="panel-empty">{t('app:loading')}</p>}>
      <DiffCanvas key={`${from} ${to}`} diff={diff} {...data} />
    </Suspense>
  )
}

/** The same in words; each change leads to its layer in the drawing. */
export function DiffList({ diff }: { diff: Diff }) {
  return (
    <>
      <Totals diff={diff} />
      <ul className="diff">
        {(['added', 'removed', 'changed'] as const).flatMap(fate =>
          diff[fate].map(layer => <Entry key={`${fate} ${layer.name}`} fate={fate} layer={layer} />),
        )}
      </ul>
    </>
  )
}

function Totals({ diff }: { diff: Diff }) {
  const { t } = useTranslation()
  const lines = [
    { title: t('library:params'), change: diff.params },
    { title: t('library:macs'), change: diff.macs },
    ...(diff.outputs ? [{ title: t('library:outputs'), change: diff.outputs }] : []),
  ]
  return (
    <dl className="facts diff-totals">
      {lines.map(({ title, change }) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>
            {valueText(change.before)} → {valueText(change.after)}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Entry({ fate, layer }: { fate: Exclude<Fate, 'same'>; layer: LayerDiff }) {
  const { t } = useTranslation()
  const words = useFates()
  const delta = layer.params_delta
  const chosen = useChosen(state => state.name === layer.name)
  const item = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (chosen) item.current?.scrollIntoView({ block: 'nearest' })
  }, [chosen])
  return (
    <li ref={item} className={`diff-layer diff-${fate} ${chosen ? 'chosen' : ''}`}>
      <span className="diff-sign" role="img" aria-label={words[fate]}>
        {SIGNS[fate]}
      </span>
      <div>
        <button
          type="button"
          className="diff-jump"
          aria-pressed={chosen}
          title={t('library:showInDrawing')}
          onClick={() => choose(layer.name)}
        >
          {layer.name}
        </button>{' '}
        <span className="muted">{layer.type}</span>
        {layer.before_name && layer.before_name !== layer.name ? (
          <p className="muted">{t('library:renamedFrom', { name: layer.before_name })}</p>
        ) : null}
        {Object.entries(layer.changes ?? {}).map(([key, change]) => (
          <p key={key} className="diff-change">
            {key}: <del>{valueText(change.before)}</del> → <ins>{valueText(change.after)}</ins>
          </p>
        ))}
      </div>
      {delta === 0 ? null : (
        <span className="diff-delta">
          {t('library:paramsDelta', { value: `${delta > 0 ? '+' : '−'}${Math.abs(delta).toLocaleString()}` })}
        </span>
      )}
    </li>
  )
}
