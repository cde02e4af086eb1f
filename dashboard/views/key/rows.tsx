import type { KeyHistory, KeyRow, RowValues } from '../../../src/index.ts'
import { valueText } from '../../parts/key-text.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { href } from '../../route.ts'

/** The rows that stand for a key; more than one are duplicates, and the keeper is said. */
export function StandingRows({ history }: { readonly history: KeyHistory }) {
  const { guard, table, rows, standing, excess } = history
  const [first] = rows
  const title = standing === 0 ? 'No row stands' : standing === 1 ? 'The row' : `${standing} rows`
  return (
    <section class="panel">
      <div class="section-head">
        <h2>{title}</h2>
        <code class="soft">{table}</code>
      </div>
      {standing === 0 && <p class="soft">Nothing was made for this key, or it is gone again.</p>}
      {excess > 0 && (
        <p class="ink-note">
          {excess === 1 ? 'One is' : `${excess} are`} too many.{' '}
          <a href={href(['guards', guard, 'duplicates'])}>See the duplicates</a>
        </p>
      )}
      {rows.length > 1 && first && <Rows rows={rows} like={first.row} />}
      {rows.length === 1 && first && <Row row={first} />}
      {standing > rows.length && <p class="soft">The first {rows.length} are shown.</p>}
    </section>
  )
}

function Rows({ rows, like }: { readonly rows: readonly KeyRow[]; readonly like: RowValues }) {
  const columns: readonly Column<KeyRow>[] = [
    { label: 'repair', show: ({ keeper }) => (keeper ? <b>keeps</b> : 'removes') },
    ...Object.keys(like).map(
      (column): Column<KeyRow> => ({
        label: column,
        show: ({ row }) => valueText(row[column]),
        sort: ({ row }) => valueText(row[column]),
      }),
    ),
  ]
  return (
    <Table
      caption="The rows of this key"
      columns={columns}
      rows={rows}
      keyOf={({ id }) => JSON.stringify(id)}
      selected={({ keeper }) => keeper}
    />
  )
}

function Row({ row }: { readonly row: KeyRow }) {
  return (
    <dl class="facts">
      {Object.entries(row.row).map(([column, value]) => (
        <div key={column}>
          <dt>{column}</dt>
          <dd>{valueText(value)}</dd>
        </div>
      ))}
      {row.madeAt && (
        <div>
          <dt>made</dt>
          <dd>
            <Time at={row.madeAt} />
          </dd>
        </div>
      )}
    </dl>
  )
}
