import { useMutation } from '@tanstack/react-query'
import { Layers } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { queueJob } from '@/api/jobs'
import type { JobView } from '@/client/types'
import { goTo, jobPath } from '@/pages/location'
import { newKey } from '@/store/training'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { Field } from '@/ui/Field'

/** The best trials of a search as one network. */
export function BestAsOne({ job, trials }: { job: JobView; trials: number }) {
  const { t } = useTranslation()
  const [count, setCount] = useState(String(Math.min(3, trials)))
  const [key] = useState(newKey)
  const making = useMutation({
    mutationFn: (members: number) =>
      queueJob('ensemble', { params: { method: 'top_k', tune: job.id, members } }, `${key}-${members}`),
    onSuccess: made => goTo(jobPath(made.id)),
  })
  return (
    <form
      className="jobs-register"
      onSubmit={event => {
        event.preventDefault()
        making.mutate(Number(count))
      }}
    >
      <Field label={t('jobs:bestTrials')} hint={t('jobs:bestTrialsHint')}>
        {ids => (
          <input
            {...ids}
            className="input"
            type="number"
            min={2}
            max={Math.min(trials, 32)}
            value={count}
            onChange={({ target }) => setCount(target.value)}
            required
          />
        )}
      </Field>
      <Button type="submit" icon={<Layers size={15} aria-hidden />} disabled={making.isPending}>
        {t('jobs:makeOne')}
      </Button>
      {making.error ? <FailureBox title={t('jobs:makeOneFailed')} error={making.error} /> : null}
    </form>
  )
}
