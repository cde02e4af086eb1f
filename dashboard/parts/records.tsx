import { useState } from 'preact/hooks'
import type { Losers, RowValues } from '../../src/index.ts'
import { valueText } from './key-text.tsx'
import { fateOf } from './losers.ts'
import { Glyph } from './state.tsx'

const FIRST = 2

/**
 * Rows that share one key, side by side: the keeper, then the losers, what differs from the keeper
 * marked. On a phone they stand one below the other.
 */
export function Records({
  columns,
  keeper,
  losers,
  unseen,
  policy,
  ids = [],
}: {
  /** What is shown of each row, in order. */
  readonly columns: readonly string[]
  readonly keeper: RowValues
  readonly losers: readonly RowValues[]
  /** How many losers more there are than `losers`. */
  readonly unseen: number
  readonly policy: Losers
  /** Columns that differ in any case, and are not marked: the primary key. */
  readonly ids?: readonly string[]
}) {
  const [all, setAll] = useState(false)
  const shown = all ? losers : losers.slice(0, FIRST)
  const more = losers.length - shown.length
  // Each field is a line of the grid, across all of the rows.
  const lines = { '--lines': columns.length + 1 }
  return (
    <>
      <ol class="records" tabIndex={all ? 0 : undefined}>
        <li class="record keeper" style={lines}>
          <p>
            <Glyph name="check" tone="good" /> <b>stays</b>
          </p>
          <Fields columns={columns} row={keeper} />
        </li>
        {shown.map((row, place) => (
          <li key={`${place} ${JSON.stringify(row)}`} class="record loser" style={lines}>
            <p>
              <Glyph {...(policy === 'delete' ? GOES : CHANGES)} />{' '}
              <b>{policy === 'delete' ? 'goes' : fateOf(policy)}</b>
            </p>
            <Fields columns={columns} row={row} keeper={keeper} ids={ids} />
          </li>
        ))}
      </ol>
      {more > 0 && (
        <button type="button" class="plain unfold" onClick={() => setAll(true)}>
          Show {more.toLocaleString()} more
        </button>
      )}
      {more === 0 && unseen > 0 && (
        <p class="soft">and {unseen.toLocaleString()} more, which are not shown</p>
      )}
    </>
  )
}

const GOES = { name: 'cross', tone: 'bad' } as const
const CHANGES = { name: 'swap', tone: 'busy' } as const

function Fields({
  columns,
  row,
  keeper,
  ids = [],
}: {
  readonly columns: readonly string[]
  readonly row: RowValues
  readonly keeper?: RowValues
  readonly ids?: readonly string[]
}) {
  return (
    <dl>
      {columns.map((column) => {
        const value = valueText(row[column])
        const differs = keeper && !ids.includes(column) && value !== valueText(keeper[column])
        return (
          <div key={column} class={differs ? 'differs' : undefined}>
            <dt>{column}</dt>
            <dd class={row[column] === null ? 'soft' : undefined}>
              {differs && (
                <>
                  <span class="unequal" aria-hidden="true">
                    ≠
                  </span>
                  <span class="hidden">differs: </span>
                </>
              )}
              {value}
            </dd>
          </div>
        )
      })}
    </dl>
  )
}
