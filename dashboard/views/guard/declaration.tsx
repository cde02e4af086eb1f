import type { GuardDetail } from '../../contract.ts'
import { fateOf } from '../../parts/losers.ts'
import { orderWords } from '../../parts/prose.tsx'

/** What a guard declares. */
export function Declaration({ guard }: { readonly guard: GuardDetail }) {
  const { table, parts, where, keep, losers, copies, matrix, inspection } = guard
  return (
    <section class="panel" aria-labelledby="declared">
      <div class="section-head">
        <h2 id="declared">What it declares</h2>
      </div>
      <dl class="facts">
        <dt>Table</dt>
        <dd>
          <code>{inspection?.table ?? table}</code>
        </dd>
        <dt>One row for each</dt>
        <dd>
          <ul class="key-parts">
            {parts.map(({ name, type }) => (
              <li key={name}>
                <code>{name}</code> <span class="soft">{type}</span>
              </li>
            ))}
          </ul>
        </dd>
        <dt>Among</dt>
        <dd>{where ? <code>{where}</code> : 'all rows'}</dd>
        <dt>Of duplicates it keeps</dt>
        <dd>
          the first by <code>{orderWords(keep)}</code>
        </dd>
        <dt>The others</dt>
        <dd>are {fateOf(losers)}</dd>
        {copies && (
          <>
            <dt>Copies</dt>
            <dd>may be allowed, each with a number and a reason</dd>
          </>
        )}
        {matrix && (
          <>
            <dt>Matrix</dt>
            <dd>
              <code>{matrix.entity}</code> by <code>{matrix.period}</code>
            </dd>
          </>
        )}
      </dl>
    </section>
  )
}
