import { selectHashes } from '../claims/hashed/queries.ts'
import type { RowValues } from '../core/verdict.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Session } from '../postgres/session.ts'
import { jsonInput } from '../rows/prepare.ts'
import { quietly } from './quietly.ts'

/** The hash of a key under a guard, in hex; undefined where it has none. */
export async function hashOf(
  session: Session,
  inspection: Inspection,
  values: RowValues,
): Promise<string | undefined> {
  const known = inspection.parts.every(({ columns }) =>
    columns.every(({ name }) => values[name] !== undefined),
  )
  if (!known) return undefined
  const statement = selectHashes(inspection, jsonInput(inspection, [{ index: 0, values }]))
  const [row] =
    (await quietly(session, () => session.query<{ hash: string | null }>(statement))) ?? []
  return row?.hash ?? undefined
}
