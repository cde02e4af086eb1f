import type { Handle } from 'onceover'
import {
  type Asked,
  ATTEMPTS_OF_STRETCH,
  placed,
  SESSIONS_OF_STRETCH,
  STRETCHES,
} from './stretches.ts'

/**
 * A hash of every row that the metrics of a student are made from, both periods', one for each
 * student asked about, in one statement. The same rows give the same hash whatever the session's
 * time zone or collation. $1: `placed`.
 */
const SELECT_FINGERPRINTS = `
  WITH ${STRETCHES},
  source AS (
    SELECT stretch.place, attempt.id, jsonb_build_array('question', attempt.id, attempt.subject,
             attempt.is_correct, extract(epoch FROM attempt.answered_at))::text AS line
    FROM stretch JOIN ${ATTEMPTS_OF_STRETCH}
    UNION
    SELECT stretch.place, session.id, jsonb_build_array('session', session.id, session.companions,
             session.mood, extract(epoch FROM session.started_at),
             extract(epoch FROM session.ended_at))::text
    FROM stretch JOIN ${SESSIONS_OF_STRETCH}
  ),
  lines AS (
    SELECT place, string_agg(line, E'\\n' ORDER BY id, line COLLATE "C") AS text
    FROM source GROUP BY place
  )
  SELECT asked.place, encode(sha256(convert_to(jsonb_build_array(users.name, asked.time_zone,
           extract(epoch FROM asked.starts_at), extract(epoch FROM asked.ends_at))::text
           || E'\\n' || coalesce(lines.text, ''), 'UTF8')), 'hex') AS fingerprint
  FROM asked JOIN users ON users.id = asked.user_id LEFT JOIN lines USING (place)`

/** The fingerprints of any number of students, in order; null where there is no such student. */
export async function readFingerprints(
  handle: Handle,
  asked: readonly Asked[],
): Promise<(string | null)[]> {
  const { rows } = await handle.query(SELECT_FINGERPRINTS, [placed(asked)])
  const byPlace = new Map(rows.map((row) => [Number(row.place), String(row.fingerprint)]))
  return asked.map((_, place) => byPlace.get(place) ?? null)
}
