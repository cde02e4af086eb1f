import { type Guard, guard, type KeyPart, type Onceover, type RowOf, type Verdict } from 'onceover'

let tables = 0

/** A table `(id, v)` whose `v` is guarded by a part, enforced. */
export async function keyedTable(once: Onceover, type: string, part: KeyPart): Promise<Guard> {
  const table = `keyed_${++tables}`
  await once.transaction((handle) =>
    handle.query(
      `CREATE TABLE ${table} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v ${type})`,
    ),
  )
  const made = guard(table, { table, key: { v: part } })
  await once.enforce(made)
  return made
}

/**
 * Inserts each value as the key of a row of its own, all in one call.
 *
 * @returns for each value `new`, `as <index>` of the one that it equals, or why it is invalid
 */
export async function insertKeys(
  once: Onceover,
  type: string,
  part: KeyPart,
  values: readonly unknown[],
): Promise<readonly string[]> {
  const made = await keyedTable(once, type, part)
  const rows = values.map((v): RowOf<Guard> => ({ v }))
  const { verdicts } = await once.insert(made, rows)
  return verdicts.map(inWords)
}

const inWords = ({ verdict, firstIndex, reason }: Verdict): string => {
  if (verdict === 'created') return 'new'
  return verdict === 'collided' ? `as ${firstIndex}` : `${verdict}: ${reason}`
}
