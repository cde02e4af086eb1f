import { type Figure, mustBe } from '../demo-report.ts'
import { INCIDENT_FIGURES } from './incident.ts'
import type { IncidentRepair } from './incident-repair.ts'

const { before, right, inflated } = INCIDENT_FIGURES

/** What the repair came to: left what other orders keep, or what was; right ours. */
export const repairFigures = (repair: IncidentRepair): Figure[] => [
  {
    what: 'a constraint over duplicates: rows it is refused for',
    onceover: mustBe(repair.refused, 5),
  },
  {
    what: '  kept of a loss and a zero (highest value | ours)',
    naive: mustBe(repair.dayBefore.highest, 0),
    onceover: mustBe(repair.dayBefore.guard, before),
  },
  {
    what: '  kept of four runs and a dead one (latest | ours)',
    naive: mustBe(repair.incidentDay.latest, 0),
    onceover: mustBe(repair.incidentDay.guard, inflated),
  },
  { what: '  kept and warned of: it does not chain', onceover: mustBe(repair.suspects, 1) },
  { what: '  rows removed', onceover: mustBe(repair.removed, 5) },
  { what: '  constraints then', onceover: mustBe(repair.constraints, 1) },
  { what: 'downgraded: constraints', onceover: mustBe(repair.constraintsLeft, 0) },
  { what: '  rows not as before, undone', onceover: mustBe(repair.differing, 0) },
  {
    what: 'redone, then replayed: equity, before and after',
    naive: mustBe(repair.equityBefore, inflated),
    onceover: mustBe(repair.equity, right),
  },
  { what: '  breaks left in the chain', onceover: mustBe(repair.breaks, 0) },
]
