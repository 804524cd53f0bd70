import { Layers } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Along, trainEnsemble } from '@/store/training'
import { Button } from '@/ui/Button'
import { Field } from '@/ui/Field'
import { errorAt } from './recipe'

const METHODS = ['seeds', 'snapshots', 'average'] as const
const MOST = 32

/** Several trainings by the recipe above, or one that keeps its weights on the way, made into one network. */
export function EnsembleForm({ errors, disabled }: { errors: ReadonlyMap<string, string>; disabled: boolean }) {
  const { t } = useTranslation()
  const [method, setMethod] = useState<Along['method']>('seeds')
  const [members, setMembers] = useState('5')
  const count = Number(members)
  const wrong = !Number.isInteger(count) || count < 2 || count > MOST
  return (
    <details className="recipe-more">
      <summary>{t('training:ensemble')}</summary>
      <div className="recipe-inner">
        <Field
          label={t('training:ensembleMethod')}
          hint={t(`training:ensembleHint.${method}`)}
          error={errorAt(errors, 'method')}
        >
          {ids => (
            <select
              {...ids}
              className="input"
              value={method}
              onChange={({ target }) => setMethod(METHODS.find(one => one === target.value) ?? 'seeds')}
            >
              {METHODS.map(one => (
                <option key={one} value={one}>
                  {t(`training:ensembleOf.${one}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field
          label={t('training:members')}
          error={wrong ? t('training:membersWrong', { most: MOST }) : errorAt(errors, 'members')}
        >
          {ids => (
            <input
              {...ids}
              className="input"
              type="number"
              min={2}
              max={MOST}
              value={members}
              onChange={({ target }) => setMembers(target.value)}
            />
          )}
        </Field>
        <Button
          onClick={() => void trainEnsemble({ method, members: count })}
          disabled={disabled || wrong}
          icon={<Layers size={15} aria-hidden />}
        >
          {t('training:trainEnsemble')}
        </Button>
      </div>
    </details>
  )
}
