import { guard, type Onceover } from 'onceover'
import { series, sessions } from './guards.ts'
import { INCIDENT_DATE } from './incident-plan.ts'

/** The sessions' guard with the incident's date alone in sight. */
const onTheDay = guard('class-sessions-on-the-day', {
  table: sessions.table,
  key: sessions.key,
  where: `(${sessions.where}) AND date = DATE '${INCIDENT_DATE}'`,
  keep: sessions.keep,
  show: sessions.show,
})

/** The report's figures, as a scan finds them. */
export interface IncidentScan {
  readonly onTheDay: number
  readonly distinctOnTheDay: number
  readonly excessOnTheDay: number
  /** Rows of the largest groups of that day, largest first. */
  readonly largestOnTheDay: readonly number[]
  readonly excess: number
  /** Later duplicates among the ACTIVE series, the weekdays taken as a set. */
  readonly laterSeries: number
}

/** Scans the loaded incident; reads only. */
export async function scanIncident(once: Onceover): Promise<IncidentScan> {
  const [day, all, blueprints] = await once.scan([onTheDay, sessions, series])
  if (!day || !all || !blueprints) throw new Error('the scan left a guard out')
  return {
    onTheDay: day.rows,
    distinctOnTheDay: day.rows - day.duplicates.excess,
    excessOnTheDay: day.duplicates.excess,
    largestOnTheDay: day.duplicates.largest.map((group) => group.rows),
    excess: all.duplicates.excess,
    laterSeries: blueprints.duplicates.excess,
  }
}
