import type { ReactNode } from 'react'
import { type Column, DataTable } from './DataTable'
import { Listed } from './Listed'
import './records.css'

export type { Column }

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
        <DataTable rows={rows} columns={columns} keyOf={keyOf} />
      </div>
    </Listed>
  )
}
