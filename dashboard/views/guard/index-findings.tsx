import type { Shadow } from '../../../src/index.ts'
import type { GuardDetail, GuardInspection } from '../../contract.ts'
import { Finding } from '../../parts/finding.tsx'
import { Glyph } from '../../parts/state.tsx'

/** The indexes that have to do with a key: each with what it means, and what to do. */
export function IndexFindings({ guard }: { readonly guard: GuardDetail }) {
  const { inspection } = guard
  if (!inspection) return null
  const { indexes, invalid, shadows, obstacle, partitioned, rowSecurity } = inspection
  const quiet = invalid.length + shadows.length === 0 && obstacle === undefined
  return (
    <section class="panel" aria-labelledby="indexes">
      <div class="section-head">
        <h2 id="indexes">What stands in the database</h2>
      </div>
      <ul class="findings">
        {obstacle !== undefined && (
          <Finding
            tone="bad"
            title="No unique index can enforce it"
            fix="Remove what stands in the way, or declare the guard so that an index can hold it."
          >
            <p>Because {obstacle}.</p>
          </Finding>
        )}
        {indexes.map(({ name, definition }) => (
          <Finding key={name} tone="good" title={`${name} enforces the key`}>
            <code class="definition">{definition}</code>
          </Finding>
        ))}
        {invalid.map((index) => (
          <Invalid key={index.name} index={index} />
        ))}
        {shadows.map((shadow) => (
          <Shadowing key={shadow.name} shadow={shadow} inspection={inspection} />
        ))}
        {partitioned && (
          <Finding tone="quiet" title="The table is partitioned">
            <p>The index is made on each partition and joined at the table above.</p>
          </Finding>
        )}
        {rowSecurity && (
          <Finding tone="quiet" title="Row security is on">
            <p>A role that does not see every row is refused where it would count too few.</p>
          </Finding>
        )}
      </ul>
      {quiet && indexes.length === 0 && (
        <p class="soft">
          <Glyph name="ring" tone="quiet" /> No unique index is on the key or near it.
        </p>
      )}
    </section>
  )
}

function Invalid({ index }: { readonly index: GuardInspection['invalid'][number] }) {
  const { name, quoted, building, partitioned, ready } = index
  if (building) {
    return (
      <Finding tone="busy" title={`${name} is being built`} fix="Wait until it is done.">
        <p>It enforces nothing yet.</p>
      </Finding>
    )
  }
  const drop = `DROP INDEX ${partitioned ? '' : 'CONCURRENTLY '}${quoted}`
  return (
    <Finding
      tone="bad"
      title={`${name} is invalid`}
      fix={`Run \`${drop}\`, then enforce the guard.`}
    >
      <p>
        {partitioned
          ? 'A partition has no valid index in it, so it enforces nothing.'
          : ready
            ? 'A build that was cut short left it: it refuses new duplicates, and serves nobody.'
            : 'A build that failed left it behind: it enforces nothing, and writers pay for it.'}
      </p>
    </Finding>
  )
}

const STANDS: Readonly<Record<Shadow['kind'], readonly [title: string, fix: string]>> = {
  narrower: ['is narrower than the key', 'Drop it, or change the key: it rejects rightful rows.'],
  wider: ['is wider than the key', 'Do not rely on it: it admits duplicates of the key.'],
  partial: ['binds some of the rows only', 'Do not rely on it: the other rows may repeat.'],
  unusable: [
    'is on the key, and of no use here',
    'Make it immediate and on the key as declared, or drop it once the guard is enforced.',
  ],
}

function Shadowing({
  shadow: { name, kind, why, definition },
  inspection,
}: {
  readonly shadow: Shadow
  readonly inspection: GuardInspection
}) {
  const [title, fix] = STANDS[kind]
  const broader = inspection.broader.includes(name)
  const harmless = inspection.enforced === true && kind !== 'narrower'
  return (
    <Finding
      tone={harmless ? 'quiet' : 'warn'}
      title={broader ? `${name} binds more than the guard` : `${name} ${title}`}
      fix={harmless ? 'Beside the index that enforces the guard it does no harm.' : fix}
    >
      <p>It {why}.</p>
      <code class="definition">{definition}</code>
    </Finding>
  )
}
