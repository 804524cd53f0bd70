import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

/** A row; what differs is said in words too for those who do not see its mark. */
export function Line({ name, differ, children }: { name: string; differ?: boolean; children: readonly ReactNode[] }) {
  const { t } = useTranslation()
  return (
    <tr className={differ ? 'compare-differs' : undefined}>
      <th scope="row">
        {name}
        {differ ? (
          <span className="compare-mark" role="img" aria-label={t('compare:differs')} title={t('compare:differs')}>
            ≠
          </span>
        ) : null}
      </th>
      {children.map((cell, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place
        <td key={at}>{cell}</td>
      ))}
    </tr>
  )
}
