import { type Figure, mustBe } from '../demo-report.ts'
import type { IncidentFigures } from './incident-figures.ts'
import type { IncidentRepair } from './incident-repair.ts'

/** What repairing the incident came to: left what it left, right what stands after the repair. */
export const repairFigures = (
  left: IncidentFigures,
  { repaired, indexes, again, differing, indexesLeft, redone }: IncidentRepair,
): Figure[] => [
  {
    what: 'repair: sessions on 2025-10-23, before and after',
    naive: mustBe(left.onTheDay, 93),
    onceover: mustBe(repaired.after.onTheDay, 65),
  },
  { what: '  of them CONFIRMED', onceover: mustBe(repaired.after.confirmedAfter, 62) },
  { what: '  of them CONFLICTED', onceover: mustBe(repaired.after.conflictedAfter, 3) },
  {
    what: '  rows too many in the table, before and after',
    naive: mustBe(left.excess, 300),
    onceover: mustBe(repaired.after.excess, 0),
  },
  { what: '  sessions removed', onceover: mustBe(repaired.removed, 300) },
  { what: '  series paused', onceover: mustBe(repaired.paused, 24) },
  { what: '  unique indexes then', onceover: mustBe(indexes, 4) },
  { what: '  sessions that the generator adds then', onceover: mustBe(again.created, 0) },
  { what: 'undone: rows not as before', onceover: mustBe(differing, 0) },
  { what: '  unique indexes left', onceover: mustBe(indexesLeft, 0) },
  { what: 'redone: sessions on 2025-10-23', onceover: mustBe(redone.after.onTheDay, 65) },
  { what: '  sessions removed', onceover: mustBe(redone.removed, 300) },
]
