import type { ReactNode } from 'react'

export type Column<T> = {
  readonly id: string
  readonly title: string
  readonly cell: (row: T) => ReactNode
  /** Numbers stand at the right. */
  readonly number?: boolean
  /** Told to those who cannot see, who know what the column is from its cells otherwise. */
  readonly quiet?: boolean
  /** Its cells name their rows. */
  readonly names?: boolean
}

type Props<T> = {
  readonly rows: readonly T[]
  readonly columns: readonly Column<T>[]
  readonly keyOf: (row: T) => string | number
  readonly classOf?: (row: T) => string | undefined
}

/** A table whose columns say what stands in their cells. */
export function DataTable<T>({ rows, columns, keyOf, classOf }: Props<T>) {
  const side = ({ number }: Column<T>) => (number ? 'number' : undefined)
  return (
    <table className="sheet-table">
      <thead>
        <tr>
          {columns.map(column => (
            <th key={column.id} scope="col" className={side(column)}>
              {column.quiet ? <span className="visually-hidden">{column.title}</span> : column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(row => (
          <tr key={keyOf(row)} className={classOf?.(row)}>
            {columns.map(column =>
              column.names ? (
                <th key={column.id} scope="row" className={side(column)}>
                  {column.cell(row)}
                </th>
              ) : (
                <td key={column.id} className={side(column)}>
                  {column.cell(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
