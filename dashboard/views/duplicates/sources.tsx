import { useState } from 'preact/hooks'
import type { Growth } from '../../../src/index.ts'
import { some } from '../../parts/prose.tsx'

const FIRST = 5

/** What made the rows too many: the batch, the series, the session they have in common. */
export function Sources({ growth: { sources } }: { readonly growth: Growth }) {
  const [all, setAll] = useState(false)
  const most = sources[0]?.excess ?? 1
  const more = all ? 0 : sources.length - FIRST
  return (
    <section class="panel" aria-labelledby="sources">
      <div class="section-head">
        <h2 id="sources">What made them</h2>
      </div>
      <ol class="sources">
        {sources.slice(0, all ? undefined : FIRST).map(({ column, value, excess, groups }) => (
          <li key={`${column}\n${value}`}>
            <p>
              <span class="soft">{column}</span> <code>{value}</code>
            </p>
            <div class="source-share" aria-hidden="true">
              <i class="fill-note" style={{ width: `${(excess / most) * 100}%` }} />
            </div>
            <p class="source-count">
              <b>{excess.toLocaleString()}</b> <span class="soft">in {some(groups, 'key')}</span>
            </p>
          </li>
        ))}
      </ol>
      {more > 0 && (
        <button type="button" class="plain unfold" onClick={() => setAll(true)}>
          Show {more} more
        </button>
      )}
    </section>
  )
}
