import { useMutation, useQueryClient } from '@tanstack/react-query'
import { PackagePlus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { registerOperator } from '@/api/jobs'
import { Button } from '@/ui/Button'
import { FailureBox } from '@/ui/Failure'
import { Field } from '@/ui/Field'

/** The way to serve a training's weights; `name`: the model's. */
export function Register({ job, name: model }: { job: string; name: string }) {
  const { t } = useTranslation()
  const [name, setName] = useState<string>()
  const client = useQueryClient()
  const registering = useMutation({
    mutationFn: (chosen: string) => registerOperator(chosen, job),
    onSuccess: () => client.invalidateQueries({ queryKey: ['operators'] }),
  })
  const chosen = name ?? operatorName(model)
  const done = registering.data
  return (
    <form
      className="jobs-register"
      onSubmit={event => {
        event.preventDefault()
        registering.mutate(chosen.trim())
      }}
    >
      <Field label={t('jobs:operatorName')} hint={t('jobs:operatorHint')}>
        {ids => (
          <input {...ids} className="input" value={chosen} onChange={({ target }) => setName(target.value)} required />
        )}
      </Field>
      <Button type="submit" icon={<PackagePlus size={15} aria-hidden />} disabled={registering.isPending}>
        {registering.isPending ? t('jobs:registering') : t('jobs:register')}
      </Button>
      {done ? (
        <p className="panel-good" role="status">
          {t('jobs:registered', { name: done.name, version: done.version })}
        </p>
      ) : null}
      {registering.error ? <FailureBox title={t('jobs:registerFailed')} error={registering.error} /> : null}
    </form>
  )
}

/** A model's name as an operator may be called. */
function operatorName(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9_-]+/g, '-')
  return plain.replace(/^[^a-z0-9]+|-+$/g, '').slice(0, 63) || 'operator'
}
