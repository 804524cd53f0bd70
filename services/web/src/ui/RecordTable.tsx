import type { ReactNode } from 'react'
import { Listed } from './Listed'
import './records.css'

export type Column<T> = {
  readonly id: string
  readonly title: string
  readonly cell: (row: T) => ReactNode
  /** Numbers stand at the right. */
  readonly number?: boolean
  /** Told to those who cannot see, who know what the column is from its cells otherwise. */
  readonly quiet?: boolean
}

type Props<T> = {
  /** Of the list, for tests and styles: `models`. */
  readonly name: string
  readonly query: Parameters<typeof Listed>[0]['query']
  readonly rows: readonly T[]
  readonly columns: readonly Column<T>[]
  readonly keyOf: (row: T) => string
  readonly failed: string
  readonly empty: ReactNode
}

/** Rows of the server that come page by page, or why there are none. */
export function RecordTable<T>({ name, query, rows, columns, keyOf, failed, empty }: Props<T>) {
  return (
    <Listed query={query} count={rows.length} failed={failed} empty={empty}>
      <div className={`records ${name}-list`}>
        <table className="sheet-table">
          <thead>
            <tr>
              {columns.map(({ id, title, number, quiet }) => (
                <th key={id} scope="col" className={number ? 'number' : undefined}>
                  {quiet ? <span className="visually-hidden">{title}</span> : title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(row => (
              <tr key={keyOf(row)}>
                {columns.map(({ id, cell, number }) => (
                  <td key={id} className={number ? 'number' : undefined}>
                    {cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Listed>
  )
}
