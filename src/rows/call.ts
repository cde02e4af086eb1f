import { randomUUID } from 'node:crypto'
import type { Audit } from '../audit/queries.ts'
import type { Guard } from '../guards/guard.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Column } from '../guards/table.ts'
import type { Context } from './chunk.ts'
import type { Environment } from './environment.ts'
import { checkEnforced, type InsertOptions } from './options.ts'

const auditOf = (inspection: Inspection, options: InsertOptions): Audit => ({
  run: randomUUID(),
  guard: inspection.guard.name,
  parts: inspection.parts.map(({ name }) => name),
  policy: options.onDuplicate ?? 'skip',
  reason: options.reason,
  actor: options.actor,
})

/** What the statements of a call share. Without an audit nothing is recorded. */
export const contextOf = (
  inspection: Inspection,
  options: InsertOptions,
  audit: Audit | undefined,
  shown: readonly Column[] = inspection.shown,
): Context => {
  const policy = options.onDuplicate ?? 'skip'
  return { inspection, shown, audit, policy: policy === 'reject' ? 'skip' : policy }
}

/** What a call knows before it looks at its rows. */
export interface Call {
  readonly inspection: Inspection
  readonly audit: Audit
  /** False where Onceover's schema is missing, so that nothing can be recorded. */
  readonly recorded: boolean
  readonly context: Context
}

/**
 * Opens a call: the guard held against the catalogue, and a run for it.
 *
 * @param run the run to go on with; a new one by default
 * @param allColumns answer with all columns, not only the primary key and `show`
 * @throws OnceoverError GUARD_NOT_ENFORCED, and whatever `inspect` throws
 */
export async function openCall(
  environment: Environment,
  guard: Guard,
  options: InsertOptions,
  { run, allColumns = false }: { readonly run?: string | undefined; readonly allColumns?: boolean },
): Promise<Call> {
  const { database } = environment
  const session = options.handle ? database.within(options.handle) : database.session
  const [inspection, recorded] = await session.savepoint(
    async () =>
      [await environment.inspect(guard, session), await environment.audited(session)] as const,
  )
  checkEnforced(inspection)
  const audit = { ...auditOf(inspection, options), ...(run !== undefined && { run }) }
  const shown = allColumns ? [...inspection.table.columns.values()] : inspection.shown
  const context = contextOf(inspection, options, recorded ? audit : undefined, shown)
  return { inspection, audit, recorded, context }
}
