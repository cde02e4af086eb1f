import type { Handle } from 'onceover'

/** A student's id and calendar. */
export interface StudentZone {
  readonly id: string
  /** IANA name. */
  readonly timeZone: string
}

/** The calendars of students, in the order of the ids; undefined where there is no such student. */
export async function zonesOf(
  handle: Handle,
  ids: readonly string[],
): Promise<(StudentZone | undefined)[]> {
  const { rows } = await handle.query(
    'SELECT id, time_zone FROM users WHERE id = ANY ($1::uuid[])',
    [[...ids]],
  )
  const zones = new Map(rows.map((row) => [String(row.id), String(row.time_zone)]))
  return ids.map((given) => {
    const id = given.toLowerCase()
    const timeZone = zones.get(id)
    return timeZone === undefined ? undefined : { id, timeZone }
  })
}

/** The time zones of all active students, with the number of students in each. */
export async function activeZones(
  handle: Handle,
): Promise<{ readonly timeZone: string; readonly students: number }[]> {
  const { rows } = await handle.query(
    `SELECT time_zone, count(*)::int AS students FROM users WHERE active
     GROUP BY time_zone ORDER BY time_zone COLLATE "C"`,
  )
  return rows.map((row) => ({
    timeZone: String(row.time_zone),
    students: Number(row.students),
  }))
}
