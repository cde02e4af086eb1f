import type { RowValues, Verdict, VerdictName } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Table } from '../guards/table.ts'
import type { Session } from '../postgres/session.ts'
import { lockInput } from './copies.ts'
import { jsonInput, type Row } from './prepare.ts'
import { insertRows } from './queries.ts'
import type { Statement } from './statement.ts'

/** What the statements of one call have in common. */
export type Context = Omit<Statement, 'input'>

/** One outcome of a statement: which of the rows sent, and what came of it. */
export interface Outcome {
  readonly place: number
  /** The first place with the same key. */
  readonly first: number
  readonly verdict: VerdictName | 'raced'
  readonly reason: string | null
  readonly key: readonly unknown[]
  readonly made: readonly unknown[] | null
  readonly found: readonly unknown[] | null
}

/** The values of named columns or parts, by name. */
export function zip(columns: readonly { name: string }[], values: readonly unknown[]): RowValues {
  const row: Record<string, unknown> = {}
  for (let place = 0; place < columns.length; place++) {
    row[columns[place]?.name ?? ''] = values[place]
  }
  return row
}

/** The primary key of a row, by column. */
export const identityOf = ({ primaryKey }: Table, row: RowValues): RowValues =>
  Object.fromEntries(primaryKey.map(({ name }) => [name, row[name]]))

/** An outcome as a verdict on one of the rows sent. */
export function asVerdict(
  { inspection: { parts, table }, shown }: Pick<Context, 'inspection' | 'shown'>,
  rows: readonly Row[],
  { place, first, verdict, reason, key, made, found }: Outcome,
): Verdict {
  const row = made ? zip(shown, made) : undefined
  const met = found ? zip(shown, found) : undefined
  // A row that was committed and replaced while the statement ran is known by its id only.
  const existing = met ?? (verdict === 'replaced' && row ? identityOf(table, row) : undefined)
  // Filled in step by step: spreading parts that are missing costs more than the rest together.
  const result: { -readonly [Name in keyof Verdict]: Verdict[Name] } = {
    index: rows[place]?.index ?? place,
    verdict: verdict === 'raced' ? 'failed' : verdict,
    key: zip(parts, key),
  }
  if (row) result.row = row
  if (existing) result.existing = existing
  if (reason !== null) result.reason = reason
  if (verdict === 'collided') result.firstIndex = rows[first]?.index ?? first
  return result
}

/** The answer of a statement: one line for each verdict and reason, with parallel arrays. */
export interface Group {
  readonly verdict: Outcome['verdict']
  readonly reason: string | null
  readonly places: string
  readonly keys: string
  readonly firsts: string | null
  readonly made: string | null
  readonly found: string | null
}

/** The outcomes that the lines of an answer hold. */
export function* outcomesOf(groups: readonly Group[]): Generator<Outcome> {
  for (const { verdict, reason, ...group } of groups) {
    const places: number[] = JSON.parse(group.places)
    const keys: unknown[][] = JSON.parse(group.keys)
    const firsts: number[] | null = group.firsts && JSON.parse(group.firsts)
    const made: (unknown[] | null)[] | null = group.made && JSON.parse(group.made)
    const found: (unknown[] | null)[] | null = group.found && JSON.parse(group.found)
    for (const [order, place] of places.entries()) {
      yield {
        place,
        first: firsts?.[order] ?? place,
        verdict,
        reason,
        key: keys[order] ?? [],
        made: made?.[order] ?? null,
        found: found?.[order] ?? null,
      }
    }
  }
}

/** How often rows that lost a race are sent again. */
export const MAX_RACES = 10

/** Why a row is neither made nor met, however often it is sent. */
export function unresolved({
  table,
  coverage,
}: Inspection): Pick<Verdict, 'reason' | 'constraint'> {
  const [broader] = coverage.broader
  if (broader !== undefined) {
    const reason = `a row outside the guard's where holds the key in the unique index ${broader}`
    return { reason, constraint: broader }
  }
  return {
    reason: table.rowSecurity
      ? 'a row with this key exists, but row-level security hides it from this role'
      : 'PostgreSQL neither inserted the row nor shows one with its key: see its triggers',
  }
}

/** The verdicts of a chunk, and those of them that no event records yet. */
export interface ChunkVerdicts {
  readonly verdicts: readonly Verdict[]
  readonly unrecorded: readonly Verdict[]
}

/**
 * Inserts one chunk in one statement. Rows that lost a race are sent again, because only a later
 * statement sees the row that won; the winner may also have been deleted in between.
 */
export async function insertChunk(
  session: Session,
  context: Context,
  rows: readonly Row[],
): Promise<ChunkVerdicts> {
  const { inspection } = context
  const verdicts: Verdict[] = []
  const unrecorded: Verdict[] = []
  let waiting = rows
  for (let race = 0; waiting.length > 0; race++) {
    const input = jsonInput(inspection, waiting)
    if (inspection.copies) await lockInput(session, inspection, input)
    const groups = await session.query<Group>(insertRows({ ...context, input }))
    const raced: Row[] = []
    for (const outcome of outcomesOf(groups)) {
      const verdict = asVerdict(context, waiting, outcome)
      const row = waiting[outcome.place]
      if (outcome.verdict !== 'raced' || !row) verdicts.push(verdict)
      else if (race < MAX_RACES) raced.push(row)
      else unrecorded.push({ ...verdict, ...unresolved(inspection) })
    }
    waiting = raced
  }
  return { verdicts: [...verdicts, ...unrecorded], unrecorded }
}
