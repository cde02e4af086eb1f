import type { KeyHistory, KeyRow } from '../../../src/index.ts'
import { valueText } from '../../parts/key-text.tsx'
import { Time } from '../../parts/time.tsx'
import { href } from '../../route.ts'

/** The rows that stand for a key; more than one are duplicates, and the keeper is said. */
export function StandingRows({ history }: { readonly history: KeyHistory }) {
  const { guard, table, rows, standing, excess } = history
  return (
    <section class="panel">
      <div class="section-head">
        <h2>
          {standing === 0 ? 'No row stands' : standing === 1 ? 'The row' : `${standing} rows`}
        </h2>
        <code class="soft">{table}</code>
      </div>
      {standing === 0 && <p class="soft">Nothing was made for this key, or it is gone again.</p>}
      {excess > 0 && (
        <p class="ink-note">
          {excess === 1 ? 'One is' : `${excess} are`} too many.{' '}
          <a href={href(['guards', guard, 'duplicates'])}>See the duplicates</a>
        </p>
      )}
      {rows.map((row) => (
        <Row key={JSON.stringify(row.id)} row={row} among={standing} />
      ))}
      {standing > rows.length && <p class="soft">The first {rows.length} are shown.</p>}
    </section>
  )
}

function Row({ row, among }: { readonly row: KeyRow; readonly among: number }) {
  return (
    <dl class="facts row-facts">
      {among > 1 && (
        <div>
          <dt>repair</dt>
          <dd>{row.keeper ? 'keeps this one' : 'removes this one'}</dd>
        </div>
      )}
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
