import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { divideDataset } from '@/api/known'
import type { DatasetView } from '@/client/types'
import { datasetPath, goTo } from '@/pages/location'
import { tell } from '@/store/toasts'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { Field } from '@/ui/Field'

/** The same samples in a training and a test split of another size, as a new data set. */
export function Divide({ dataset }: { dataset: DatasetView }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [test, setTest] = useState('20')
  const [seed, setSeed] = useState('0')
  const classes = dataset.schema.label?.n_classes != null && dataset.schema.label.shape.length === 0
  const [stratify, setStratify] = useState(classes)
  const dividing = useMutation({
    mutationFn: () => divideDataset(dataset.id, { test: Number(test) / 100, seed: Number(seed), stratify }),
    onSuccess: row => {
      void client.invalidateQueries({ queryKey: ['datasets'] })
      tell(t('known:divided', { name: row.name }))
      goTo(datasetPath(row.id))
    },
  })
  return (
    <details className="divide">
      <summary>{t('known:divide')}</summary>
      <Field label={t('known:testShare')}>
        {ids => (
          <input
            {...ids}
            className="input"
            inputMode="decimal"
            value={test}
            onChange={({ target }) => setTest(target.value)}
          />
        )}
      </Field>
      <Field label={t('known:seed')}>
        {ids => (
          <input
            {...ids}
            className="input"
            inputMode="numeric"
            value={seed}
            onChange={({ target }) => setSeed(target.value)}
          />
        )}
      </Field>
      <label className="switch-row">
        <input
          type="checkbox"
          className="switch"
          checked={stratify}
          disabled={!classes}
          onChange={({ target }) => setStratify(target.checked)}
        />
        {t('known:stratify')}
      </label>
      {dividing.error ? <FailureBox title={t('known:divideFailed')} error={dividing.error} /> : null}
      <Button disabled={dividing.isPending} onClick={() => dividing.mutate()}>
        {t('known:divideNow')}
      </Button>
    </details>
  )
}
