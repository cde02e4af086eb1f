import type { Inspection } from '../guards/inspect.ts'
import type { Session } from '../postgres/session.ts'
import type { Family } from './family.ts'
import { selectSize } from './hazards/queries.ts'
import type { Prediction } from './repair-plan.ts'

// Measured on two cores (bench/README.md): what a loser costs to verify, journal and remove, and
// what each index and each edge adds to it.
const LOSER_MS = 0.04
const EDGE_MS = 0.02
const PAGE_BYTES = 8192
const RECORD_BYTES = 300

/** What applying a plan will take: a rough figure, from the statistics of the table. */
export async function predict(
  session: Session,
  { table, guard }: Inspection,
  { tables, edges }: Family,
  losers: number,
): Promise<Prediction> {
  const [size] = await session.query<{ rows: string; bytes: string; indexes: string }>(
    selectSize(table.oid),
  )
  const bytes = Number(size?.bytes ?? 0)
  const width = Number(size?.rows ?? 0) > 0 ? bytes / Number(size?.rows) : RECORD_BYTES
  // After a checkpoint the first change of a page writes all of it.
  const pages = Math.min(losers, bytes / PAGE_BYTES) * (1 + Number(size?.indexes ?? 0))
  const walBytes = losers * (width + RECORD_BYTES) + pages * PAGE_BYTES
  const others = [...new Set(edges.map(({ child }) => tables[child]?.quoted ?? ''))]
  const does = guard.losers === 'delete' ? 'removed' : 'set'
  return {
    durationMs: Math.round(losers * (LOSER_MS + EDGE_MS * edges.length)),
    walBytes: Math.round(walBytes),
    locks: [
      `${table.quoted}: ROW EXCLUSIVE; the rows of a batch (losers ${does}, and keepers) are ` +
        'locked for 50 to 200 ms. Readers never wait, writers of other rows neither.',
      ...others
        .filter((quoted) => quoted !== table.quoted)
        .map((quoted) => `${quoted}: ROW EXCLUSIVE; the rows that hang on a batch, as long.`),
    ],
  }
}
