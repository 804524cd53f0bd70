import { useQueryClient } from '@tanstack/react-query'
import { RotateCcw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { restoreVersion } from '@/api/models'
import type { VersionRow } from '@/client/types'
import { tell, tellFailure } from '@/store/toasts'
import { Button } from '@/ui/Button'
import { When } from './When'

type Pair = { readonly from: number; readonly to: number }
type Props = {
  readonly id: string
  readonly newest: number
  readonly rows: readonly VersionRow[]
  readonly pair: Pair
  readonly onPair: (pair: Pair) => void
}

/** Versions to compare, and to bring back. */
export function VersionTable({ id, newest, rows, pair, onPair }: Props) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const restore = async (number: number) => {
    try {
      const { version } = await restoreVersion(id, number)
      await client.invalidateQueries({ queryKey: ['model', id] })
      tell(t('library:restored', { number, version }))
    } catch (error) {
      tellFailure(t('library:restoreFailed'), error)
    }
  }
  return (
    <table className="table">
      <thead>
        <tr>
          <th>{t('library:from')}</th>
          <th>{t('library:to')}</th>
          <th>{t('library:version')}</th>
          <th>{t('library:saved')}</th>
          <th>
            <span className="visually-hidden">{t('library:restore')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ number, created_at }) => (
          <tr key={number}>
            {(['from', 'to'] as const).map(side => (
              <td key={side}>
                <input
                  type="radio"
                  name={side}
                  aria-label={
                    side === 'from' ? t('library:compareFrom', { number }) : t('library:compareTo', { number })
                  }
                  checked={pair[side] === number}
                  onChange={() => onPair({ ...pair, [side]: number })}
                />
              </td>
            ))}
            <td>{number}</td>
            <td>
              <When at={created_at} />
            </td>
            <td>
              {number === newest ? (
                <span className="muted">{t('library:current')}</span>
              ) : (
                <Button
                  icon={<RotateCcw size={14} aria-hidden />}
                  onClick={() => restore(number)}
                  aria-label={t('library:restoreNumber', { number })}
                >
                  {t('library:restore')}
                </Button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
