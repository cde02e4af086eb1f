import { OnceoverError } from '../core/error.ts'
import { totalsOf, type Verdict } from '../core/verdict.ts'
import type { Guard, KeyedRow, KeyOf } from '../guards/guard.ts'
import type { Session } from '../postgres/session.ts'
import { contextOf } from './call.ts'
import { asVerdict, type Context, type Group, outcomesOf } from './chunk.ts'
import { type Environment, inTurn, withFreshInspection } from './environment.ts'
import type { InsertResult } from './insert.ts'
import { sift } from './isolate.ts'
import { checkOptions, type InsertOptions } from './options.ts'
import { jsonInput, prepareRows, type Row } from './prepare.ts'
import { previewRows } from './queries.ts'
import { refusedRows } from './refused.ts'

async function previewPart(session: Session, context: Context, rows: readonly Row[]) {
  const { inspection } = context
  const input = jsonInput(inspection, rows)
  const groups = await session.query<Group>(previewRows({ ...context, input }))
  return [...outcomesOf(groups)].map((outcome) => asVerdict(context, rows, outcome))
}

/** Says what an insert would do, and writes nothing; see `Onceover.preview`. */
export async function preview<G extends Guard>(
  environment: Environment,
  guard: G,
  rows: readonly KeyedRow<G>[],
  options: InsertOptions,
): Promise<InsertResult<KeyOf<G>>> {
  checkOptions(guard, options)
  if (!Array.isArray(rows)) {
    throw new OnceoverError('INPUT_INVALID', { message: 'The rows are not an array.' })
  }
  const judge = async () => {
    const { database } = environment
    const session = options.handle ? database.within(options.handle) : database.session
    const look = async () => {
      const inspection = await session.savepoint(() => environment.inspect(guard, session))
      return { inspection, prepared: prepareRows(inspection, rows) }
    }
    let { inspection, prepared } = await look()
    if (prepared.strange) {
      environment.forget(guard)
      ;({ inspection, prepared } = await look())
    }
    const context = contextOf(inspection, options, undefined)
    const { results, refused } = await sift(session, prepared.rows, (part) =>
      previewPart(session, context, part),
    )
    const verdicts: Verdict[] = [
      ...prepared.invalid,
      ...results,
      ...refusedRows(inspection, prepared.rows, refused),
    ].sort((left, right) => left.index - right.index)
    return { totals: totalsOf(verdicts), verdicts: verdicts as readonly Verdict<KeyOf<G>>[] }
  }
  return inTurn(options, () => withFreshInspection(environment, guard, judge))
}
