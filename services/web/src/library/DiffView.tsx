import { useTranslation } from 'react-i18next'
import { useDiff } from '@/api/models'
import type { Diff, LayerDiff } from '@/client/types'
import { textOf } from '@/model/values'
import { FailureBox } from '@/ui/Failure'

/** What differs in meaning between two versions of a model. */
export function DiffView({ id, from, to }: { id: string; from: number; to: number }) {
  const { t } = useTranslation()
  const { data, error, refetch } = useDiff(id, from, to)
  if (from === to) return <p className="panel-empty">{t('library:diffChoose')}</p>
  if (error) return <FailureBox title={t('library:diffFailed')} error={error} again={refetch} />
  if (!data) return <p className="panel-empty">{t('app:loading')}</p>
  if (data.same) return <p className="panel-empty">{t('library:diffSame')}</p>
  return (
    <>
      <Totals diff={data} />
      <ul className="diff">
        {data.added.map(layer => (
          <Layer key={`+${layer.name}`} kind="added" sign="+" layer={layer} />
        ))}
        {data.removed.map(layer => (
          <Layer key={`-${layer.name}`} kind="removed" sign="−" layer={layer} />
        ))}
        {data.changed.map(layer => (
          <Layer key={`~${layer.name}`} kind="changed" sign="~" layer={layer} />
        ))}
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

type Props = { kind: 'added' | 'removed' | 'changed'; sign: string; layer: LayerDiff }

function Layer({ kind, sign, layer }: Props) {
  const { t } = useTranslation()
  const words = { added: t('library:added'), removed: t('library:removed'), changed: t('library:changedLayer') }
  const delta = layer.params_delta
  return (
    <li className={`diff-layer diff-${kind}`}>
      <span className="diff-sign" role="img" aria-label={words[kind]}>
        {sign}
      </span>
      <div>
        <strong>{layer.name}</strong> <span className="muted">{layer.type}</span>
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

function valueText(value: unknown): string {
  if (value === null || value === undefined) return '–'
  return typeof value === 'number' ? value.toLocaleString() : textOf(value)
}
