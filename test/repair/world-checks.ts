import type { TestDatabase } from '../support/database.ts'
import type { World, WorldChild } from './world.ts'
import { identityOf, policyOf, referencesOf, tablesOf } from './world-tables.ts'

type Row = Readonly<Record<string, unknown>>

/** The rows of each table of a world by their numbers, which no repair changes. */
export type Contents = Readonly<Record<string, ReadonlyMap<number, Row>>>

/** Every row of a world as text, in one order. */
export async function textOf({ pool }: TestDatabase, world: World): Promise<readonly string[]> {
  const each = tablesOf(world).map(
    (table) => `SELECT '${table} ' || t::text AS row FROM ${table} t`,
  )
  const { rows } = await pool.query(`${each.join(' UNION ALL ')} ORDER BY 1`)
  return rows.map(({ row }) => row)
}

/** Every row of a world. */
export async function contentsOf({ pool }: TestDatabase, world: World): Promise<Contents> {
  const contents: Record<string, Map<number, Row>> = {}
  for (const table of tablesOf(world)) {
    const { rows } = await pool.query(`SELECT to_json(t) AS row FROM ${table} AS t`)
    contents[table] = new Map(rows.map(({ row }) => [row.n, row]))
  }
  return contents
}

/** A world before and after a repair, with the keeper of each row that was removed, by number. */
export interface Repaired {
  readonly world: World
  readonly before: Contents
  readonly after: Contents
  readonly keepers: ReadonlyMap<number, number>
}

const pick = (row: Row | undefined, names: readonly string[]): string =>
  JSON.stringify(names.map((name) => row?.[name] ?? null))

const without = (row: Row, names: readonly string[]): string =>
  JSON.stringify(Object.entries(row).filter(([name]) => !names.includes(name)))

const idsOf = ({ pk }: World, letter: string): readonly string[] =>
  pk === 'pair' ? [letter, `${letter}2`] : [letter]

/** What a reference to a removed row becomes: the same columns of its keeper. */
function heirs({ before, keepers }: Repaired, references: readonly string[]) {
  const rows = before['m.t']
  return new Map(
    [...keepers].flatMap(([loser, keeper]): [string, string][] => {
      const reference = pick(rows?.get(loser), references)
      const heir = pick(rows?.get(keeper), references)
      return reference.includes('null') ? [] : [[reference, heir]]
    }),
  )
}

/** What is wrong with the rows of the guarded table that stand. */
function* faultsOfKept(repaired: Repaired): Generator<string> {
  const { world, before, after } = repaired
  const ups = idsOf(world, 'up')
  const heir = heirs(repaired, idsOf(world, 'id'))
  for (const [n, row] of after['m.t'] ?? []) {
    const was = before['m.t']?.get(n) ?? {}
    const own = [...ups, 'back']
    if (without(was, own) !== without(row, own)) yield `the kept row ${n} changed`
    const line = [...(before['m.c0'] ?? [])].find(([, each]) => each.id === was.back)
    const stands = line === undefined || after['m.c0']?.has(line[0])
    if (stands && row.back !== was.back) yield `row ${n} points to ${row.back} in c0`
    const up = pick(was, ups)
    if (pick(row, ups) !== (heir.get(up) ?? up)) yield `the parent of ${n} is ${pick(row, ups)}`
  }
}

type Policy = ReturnType<typeof policyOf>

function* faultsOfReference(
  name: string,
  [was, row]: readonly [Row, Row | undefined],
  columns: readonly string[],
  heir: ReadonlyMap<string, string>,
  { policy, collision }: Policy,
): Generator<string> {
  const hung = heir.get(pick(was, columns))
  if (hung !== undefined && policy === 'refuse') yield `${name} hung on a removed row`
  if (row === undefined) return
  if (hung === undefined && pick(row, columns) !== pick(was, columns)) yield `${name} was moved`
  if (hung === undefined) return
  if (policy === 'delete') yield `${name} stands though its row is gone`
  else if (pick(row, columns) !== hung) yield `${name} hangs on ${pick(row, columns)}, not ${hung}`
  if (JSON.parse(hung).includes(null)) yield `${name} hangs on nothing: ${collision}`
}

function* faultsOfChild(repaired: Repaired, child: WorldChild, at: number): Generator<string> {
  const { world, before, after } = repaired
  const { columns, references } = referencesOf(world, child)
  const edges = [
    { columns, heir: heirs(repaired, references), own: policyOf(world, child) },
    {
      columns: ['q'],
      heir: heirs(repaired, ['id']),
      own: child.second ?? { policy: 'repoint', collision: 'refuse' },
    },
  ]
  for (const [n, was] of before[`m.c${at}`] ?? []) {
    const name = `row ${n} of c${at}`
    const row = after[`m.c${at}`]?.get(n)
    for (const each of edges) {
      yield* faultsOfReference(name, [was, row], each.columns, each.heir, each.own)
    }
    if (row && without(was, [...columns, 'q']) !== without(row, [...columns, 'q'])) {
      yield `${name} changed`
    }
    const mayGo = edges.some(
      ({ heir, own, columns: names }) =>
        heir.has(pick(was, names)) && (own.policy === 'delete' || own.collision !== 'refuse'),
    )
    if (!row && !mayGo) yield `${name} is lost`
  }
}

function* faultsBelow(repaired: Repaired, child: WorldChild, at: number): Generator<string> {
  const { world, before, after } = repaired
  const { below } = child
  const identity = identityOf(world, child)
  const columns = identity.map((name) => `r_${name}`)
  const parents = [...(before[`m.c${at}`] ?? [])]
  const standing = new Set(
    [...(after[`m.c${at}`]?.values() ?? [])].map((row) => pick(row, identity)),
  )
  for (const [n, was] of before[`m.g${at}`] ?? []) {
    const row = after[`m.g${at}`]?.get(n)
    const [place] = parents.find(([, each]) => pick(each, identity) === pick(was, columns)) ?? []
    const parent = place === undefined ? undefined : after[`m.c${at}`]?.get(place)
    const gone = place !== undefined && parent === undefined
    const name = `row ${n} of g${at}`
    if (!row && !gone) yield `${name} is lost`
    if (!row) {
      if (below?.onDelete !== 'CASCADE' && !below?.single) yield `${name} is lost, not set to NULL`
      continue
    }
    if (without(was, columns) !== without(row, columns)) yield `${name} changed`
    const now = pick(row, columns)
    if (parent && now !== pick(parent, identity)) yield `${name} left its parent for ${now}`
    if (place === undefined && now !== pick(was, columns)) yield `${name} was moved`
    if (gone && row[columns[0] ?? ''] !== null && !standing.has(now)) yield `${name} dangles`
  }
}

/** Everything that a repair must not have done. */
export function* faultsOf(repaired: Repaired): Generator<string> {
  yield* faultsOfKept(repaired)
  for (const [at, child] of repaired.world.children.entries()) {
    yield* faultsOfChild(repaired, child, at)
    yield* faultsBelow(repaired, child, at)
  }
}
