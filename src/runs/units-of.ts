import { readPage } from '../audit/page.ts'
import { unmigrated } from '../claims/register.ts'
import { OnceoverError } from '../core/error.ts'
import { CURSOR, type Page, type PageOptions, readCursor, readLimit } from '../core/page.ts'
import { type RowValues, VERDICTS, type VerdictName } from '../core/verdict.ts'
import type { Session } from '../postgres/session.ts'
import { checkRunId } from './cancel.ts'
import { runNotFound } from './list.ts'
import { searchUnits, selectRunThere } from './units-of/queries.ts'

/** Which units of a run to read. */
export interface UnitFilter extends PageOptions {
  readonly verdict?: VerdictName
}

/**
 * A unit of a run, or a row, with its verdict. A unit that failed and was made when the run was
 * gone on with stands twice, its last verdict first.
 */
export interface UnitVerdict {
  /** The canonical key, by part. */
  readonly key: RowValues
  readonly verdict: VerdictName
  readonly reason: string | null
  /** The primary key of the row that it met, by column. */
  readonly existing: RowValues | null
  /** In ISO form, UTC. */
  readonly at: string
  /** Its place in the list, as `after`. */
  readonly cursor: string
}

type UnitRow = Omit<UnitVerdict, 'key' | 'cursor'> & {
  readonly parts: readonly string[]
  readonly key: readonly unknown[]
}

const DEFAULT_LIMIT = 100

const SHAPE = [CURSOR.moment, CURSOR.number, CURSOR.number]

const asUnit = ({ parts, key, ...unit }: UnitRow) => ({
  ...unit,
  key: Object.fromEntries(parts.map((part, place) => [part, key[place] ?? null])) as RowValues,
})

function checkVerdict(verdict: VerdictName | undefined): void {
  if (verdict === undefined || VERDICTS.includes(verdict)) return
  throw new OnceoverError('USAGE', {
    message: `There is no verdict ${JSON.stringify(verdict)} of a unit.`,
    fix: `A verdict is one of: ${VERDICTS.join(', ')}.`,
  })
}

/**
 * Reads a page of a run's units, each with its verdict; see `Onceover.unitsOf`.
 *
 * @throws OnceoverError RUN_NOT_FOUND, USAGE, NOT_MIGRATED
 */
export async function unitsOf(
  session: Session,
  run: string,
  { verdict, after, limit }: UnitFilter,
): Promise<Page<UnitVerdict>> {
  checkRunId(run)
  checkVerdict(verdict)
  const search = searchUnits({
    run,
    verdict,
    after: readCursor('unit', SHAPE, after),
    limit: readLimit(limit, DEFAULT_LIMIT),
  })
  try {
    const page = await readPage(session, 'unit', search, asUnit)
    if (page.items.length > 0 || page.next !== null || after !== undefined) return page
    const there = await session.query(selectRunThere(run))
    if (there.length === 0) throw runNotFound(session, run)
    return page
  } catch (error) {
    throw unmigrated(error, session.target)
  }
}
