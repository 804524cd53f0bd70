import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { remove, unfinished } from '@/api/resumable'
import { bytesText } from '@/model/values'
import { Button } from '@/ui/Button'

/** Uploads that a reload or a lost connection broke off; with the same file they go on where they were. */
export function BrokenOff({ onChoose }: { onChoose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const queryKey = ['unfinished-uploads']
  const { data } = useQuery({ queryKey, queryFn: unfinished, gcTime: 0 })
  if (!data?.length) return null
  return (
    <ul className="broken-off">
      {data.map(one => (
        <li key={one.key}>
          <span>
            {t('datasets:brokenOff', { name: one.name, sent: bytesText(one.have), size: bytesText(one.size) })}
          </span>
          <Button onClick={onChoose}>{t('datasets:chooseAgain')}</Button>
          <Button onClick={() => void remove(one).then(() => client.invalidateQueries({ queryKey }))}>
            {t('datasets:forget')}
          </Button>
        </li>
      ))}
    </ul>
  )
}
