import { answer, zip } from '../duplicates/answer.ts'
import type { DuplicateGroup } from '../duplicates/scan-report.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Session } from '../postgres/session.ts'
import type { Journal } from './journal.ts'
import { selectLargest } from './largest/queries.ts'

type Group = readonly [members: number, key: readonly unknown[], rows: readonly unknown[][]]

/** The largest groups of a frozen plan, up to ten, with what to keep and the first to remove. */
export async function largestGroups(
  session: Session,
  inspection: Inspection,
  journal: Journal,
): Promise<readonly DuplicateGroup[]> {
  const { parts, shown } = inspection
  const groups = await answer<readonly Group[]>(session, selectLargest(inspection, journal))
  return groups.map(([rows, key, members]) => ({
    key: zip(parts, key),
    rows,
    keeper: zip(shown, members[0] ?? []),
    losers: members.slice(1).map((values) => zip(shown, values)),
  }))
}
