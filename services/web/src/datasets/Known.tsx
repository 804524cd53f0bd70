import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { storeKnown, useKnown } from '@/api/known'
import { useTold } from '@/i18n/told'
import { datasetPath, goTo } from '@/pages/location'
import { tellFailure } from '@/store/toasts'
import { Button } from '@/ui/Button'

/** Data sets that have a name of their own: a press stores one, and fetches it where it is not here yet. */
export function Known() {
  const { t } = useTranslation()
  const told = useTold()
  const client = useQueryClient()
  const { data } = useKnown()
  const storing = useMutation({
    mutationFn: storeKnown,
    onSuccess: row => {
      void client.invalidateQueries({ queryKey: ['datasets'] })
      goTo(datasetPath(row.id))
    },
    onError: error => tellFailure(t('known:failed'), error),
  })
  if (!data) return null
  return (
    <details className="card known">
      <summary>{t('known:title')}</summary>
      <ul className="known-list">
        {data.map(one => (
          <li key={one.name}>
            <div>
              <b>{one.name}</b> <span className="dataset-note">{told(one.title)}</span>
              {one.available === 'at first use' ? <span className="chip">{t('known:fetched')}</span> : null}
            </div>
            <Button disabled={storing.isPending} onClick={() => storing.mutate(one.name)}>
              {storing.isPending && storing.variables === one.name ? t('app:loading') : t('known:use')}
            </Button>
          </li>
        ))}
      </ul>
    </details>
  )
}
