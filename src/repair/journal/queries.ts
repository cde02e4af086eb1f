import { type Sql, sql } from '../../postgres/sql.ts'
import type { Journal } from '../journal.ts'

/** Whether the journal of a repair stands: whoever drops it drops the frozen plan too. */
export const selectJournalThere = ({ losers }: Journal): Sql =>
  sql`SELECT to_regclass(${losers}) IS NOT NULL AS there`
