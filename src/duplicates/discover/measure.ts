import type { Session } from '../../postgres/session.ts'
import { SQLSTATE, sqlstate } from '../../postgres/sqlstates.ts'
import type { Candidate } from './candidate.ts'
import { expressionOf } from './part.ts'
import { countKeys, rowsOf } from './queries.ts'
import type { Subject } from './subject.ts'

/** A key held against the rows of its table. */
export interface Measured {
  readonly candidate: Candidate
  /** Absent where it was not counted in time. */
  readonly figures?: Figures
}

/** What was counted, or estimated of the whole table from a sample. */
export interface Figures {
  /** Rows that the key binds. */
  readonly rows: number
  readonly keys: number
  /** Keys that repeat. */
  readonly groups: number
}

interface Counted extends Figures {
  /** Of the groups of two those whose rows stand on different pages. */
  readonly apart: number
}

/**
 * Estimates the whole table from a sample of its pages. Of two rows on one page both are read as
 * often as the page; of two on different pages as often as both.
 */
function scaled({ rows, keys, groups, apart }: Counted, percent: number): Figures {
  const share = Math.min(1, percent / 100)
  const far = apart / share ** 2
  const all = Math.round(rows / share)
  const excess = Math.min(all, Math.round((rows - keys - apart) / share + far))
  return {
    rows: all,
    keys: all - excess,
    groups: Math.min(excess, Math.round((groups - apart) / share + far)),
  }
}

/** How many distinct keys there could be at most, by statistics; undefined without them. */
function mostKeys(subject: Subject, { parts }: Candidate): number | undefined {
  const counts = parts.map(({ name }) => subject.facts.get(name)?.distinct)
  return counts.reduce<number | undefined>(
    (product, each) => (product === undefined || each === undefined ? undefined : product * each),
    1,
  )
}

const HOPELESS = 0.1

/** Whether statistics alone say that most rows repeat the key: such a key is not counted. */
const isHopeless = (subject: Subject, candidate: Candidate): boolean => {
  const most = mostKeys(subject, candidate)
  return most !== undefined && candidate.conditions.length === 0 && most < subject.rows * HOPELESS
}

async function count(session: Session, subject: Subject, candidate: Candidate): Promise<Figures> {
  const { table, percent } = subject
  const statement = countKeys(
    rowsOf(table.quoted, percent),
    candidate.parts.map((each) => expressionOf(subject, each)),
    candidate.conditions.map(({ sql }) => sql),
    percent < 100,
  )
  const [row] = await session.savepoint(() => session.query<{ described: string }>(statement))
  return scaled(JSON.parse(row?.described ?? '{}'), percent)
}

/** Whether a statement was ended because it took too long. */
export const isTimeout = (error: unknown): boolean => {
  const state = sqlstate(error)
  return state === SQLSTATE.queryCanceled || state === SQLSTATE.lockNotAvailable
}

/**
 * Counts how often candidates repeat. After one that takes too long the others are not counted:
 * they read as much.
 *
 * @returns the measured ones, without those of which statistics say that they are no keys
 */
export async function measure(
  session: Session,
  subject: Subject,
  candidates: readonly Candidate[],
): Promise<readonly Measured[]> {
  const measured: Measured[] = []
  let late = false
  for (const candidate of candidates.filter((each) => !isHopeless(subject, each))) {
    const figures = late
      ? undefined
      : await count(session, subject, candidate).catch((error: unknown) => {
          if (!isTimeout(error)) throw error
          late = true
          return undefined
        })
    measured.push({ candidate, ...(figures && { figures }) })
  }
  return measured
}
