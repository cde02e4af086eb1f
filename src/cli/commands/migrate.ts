import { EXIT, migrationSql } from '../../index.ts'
import { connected, type DatabaseOptions, showTarget } from '../connect.ts'
import type { Output } from '../output.ts'
import { some } from '../text.ts'

/** Options of `onceover migrate`. */
export interface MigrateOptions extends DatabaseOptions {
  /** Print the DDL instead of running it. */
  readonly sql?: boolean
}

/** `onceover migrate`: brings the schema up to date, or prints its DDL. */
export async function run(
  _names: readonly string[],
  options: MigrateOptions,
  out: Output,
): Promise<number> {
  if (options.sql) {
    const sql = await migrationSql()
    if (out.json) out.record({ sql })
    else out.line(sql.trimEnd())
    return EXIT.ok
  }
  return connected(options, out, async (once) => {
    showTarget(once, out)
    const { from, to, applied } = await once.migrate()
    if (out.json) out.record({ target: once.target, from, to, applied })
    else if (applied.length === 0) out.line(`Up to date at version ${to}.`)
    else {
      for (const name of applied) out.line(`applied ${name}`)
      out.line(`${some(applied.length, 'migration')}: from version ${from} to ${to}.`)
    }
    return EXIT.ok
  })
}
