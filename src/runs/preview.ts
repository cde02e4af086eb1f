import { previewClaims, type WorkVerdict } from '../claims/grant.ts'
import { OnceoverError } from '../core/error.ts'
import { type RowValues, type Totals, totalsOf } from '../core/verdict.ts'
import { SQLSTATE, sqlstate } from '../postgres/sqlstates.ts'
import { expectedUnits } from './expected.ts'
import type { AnyGenerator } from './generator.ts'
import { checkRunOptions, type RunOptions } from './options.ts'
import { checkSource, isIterable, type Source } from './run.ts'
import { checkUnits, type Placed } from './units.ts'
import type { WorkEnvironment } from './work.ts'

/** What a run would come to. */
export interface RunPreview<Key = RowValues> {
  readonly totals: Totals
  readonly verdicts: readonly WorkVerdict<Key>[]
}

const CHUNK_UNITS = 1000

/** Says what a run would do with each unit, and writes nothing; see `Onceover.preview`. */
export async function previewRun(
  environment: WorkEnvironment,
  generator: AnyGenerator,
  source: Source,
  options: Pick<RunOptions, 'onDuplicate'>,
): Promise<RunPreview> {
  checkRunOptions(options as RunOptions<never>)
  checkSource(source, {})
  const { database } = environment
  const inspection = await environment.inspect(generator.guard, database.session)
  const policy = options.onDuplicate === 'replace' ? 'replace' : 'skip'
  const terms = { inspection, policy, attempts: generator.attempts } as const
  const verdicts: WorkVerdict[] = []
  const chunk: Placed[] = []
  const look = async () => {
    const placed = chunk.splice(0)
    const checked = await checkUnits(database, generator, inspection, placed)
    verdicts.push(...checked.invalid)
    verdicts.push(...(await previewClaims(database.session, terms, checked.units)))
  }
  const units = isIterable(source)
    ? source
    : expectedUnits(database, inspection, generator, source as RowValues)
  try {
    let index = 0
    for await (const unit of units) {
      chunk.push({ index, unit })
      index++
      if (chunk.length === CHUNK_UNITS) await look()
    }
    if (chunk.length > 0) await look()
  } catch (error) {
    if (sqlstate(error) !== SQLSTATE.undefinedTable) throw error
    throw new OnceoverError('NOT_MIGRATED', {
      message: `${database.target} has no ledger: claims need the schema onceover, up to date.`,
      details: { target: database.target },
      cause: error,
    })
  }
  verdicts.sort((left, right) => left.index - right.index)
  return { totals: totalsOf(verdicts), verdicts }
}
