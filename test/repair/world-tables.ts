import {
  column,
  date,
  expression,
  type Guard,
  type GuardOptions,
  guard,
  int,
  type KeyPart,
  type KeyParts,
  text,
  uuid,
} from 'onceover'
import { CHILD_KEYS, type World, type WorldChild } from './world.ts'

type Kind = World['key'][number]
type Nulls = World['nulls']

const UUID = '00000000-0000-4000-8000-00000000000'

/** A kind of key: its column, three values of which two may be equal, its part, and that in SQL. */
const KINDS: Readonly<
  Record<
    Kind,
    {
      readonly type: string
      readonly values: readonly [string, string, string]
      readonly part: (name: string, nulls: Nulls) => KeyPart
      readonly sql: (name: string) => string
    }
  >
> = {
  int: {
    ...{ type: 'bigint', values: ['1', '2', '3'], sql: (name) => name },
    part: (_, nulls) => int({ nulls }),
  },
  text: {
    ...{ type: 'text', values: ['a', ' A', 'b'], sql: (name) => `lower(btrim(${name}))` },
    part: (_, nulls) => text({ nulls, trim: true, fold: true }),
  },
  date: {
    ...{ type: 'date', values: ['2025-01-01', '2025-01-02', '0044-03-15 BC'], sql: (name) => name },
    part: (_, nulls) => date({ nulls }),
  },
  uuid: {
    ...{ type: 'uuid', values: [`${UUID}1`, `${UUID}2`, `${UUID}3`], sql: (name) => name },
    part: (_, nulls) => uuid({ nulls }),
  },
  numeric: {
    ...{ type: 'numeric', values: ['1', '1.00', '2'], sql: (name) => name },
    part: (_, nulls) => column({ nulls }),
  },
  expression: {
    ...{ type: 'text', values: ['x', 'X', 'y'], sql: (name) => `lower(${name})` },
    part: (name, nulls) => expression(`lower(${name})`, { nulls }),
  },
}

const literal = (value: unknown): string =>
  value === null || value === undefined ? 'NULL' : `'${String(value)}'`

const PRIMARY_KEYS = { int: ['int'], uuid: ['uuid'], pair: ['int', 'text'] } as const

const named = (letter: string, types: readonly string[]): readonly string[] =>
  types.map((_, at) => (at === 0 ? letter : `${letter}${at + 1}`))

const columnsOf = (letter: string, types: readonly string[]): string =>
  named(letter, types)
    .map((name, at) => `${name} ${types[at]}`)
    .join(', ')

const primaryKeyOf = ({ pk }: World, at: number): readonly string[] => {
  const scattered = (at * 7) % 23
  if (pk === 'pair') return [String(scattered % 3), `r${at}`]
  return [pk === 'int' ? String(scattered) : `${UUID.slice(0, -1)}${10 + scattered}`]
}

/** The columns of a child, by what they point to. */
export function referencesOf(world: World, { target }: WorldChild) {
  const types: readonly string[] = target === 'code' ? ['text'] : PRIMARY_KEYS[world.pk]
  return {
    types,
    columns: named('p', types),
    references: target === 'code' ? ['code'] : named('id', types),
  }
}

/** The columns of the primary key of a child. */
export const identityOf = (world: World, child: WorldChild): readonly string[] =>
  child.dependent ? [...referencesOf(world, child).columns, 'n'] : ['id']

/** Whether a child has a second foreign key, which points to a primary key of one column. */
const hasSecond = ({ pk }: World, { second }: WorldChild): boolean =>
  second !== null && pk !== 'pair'

/** Whether the database knows that a child points to the guarded table. */
const isForeignKey = ({ target, foreignKey }: WorldChild): boolean =>
  foreignKey || target === 'code'

const isDeclarable = (world: World, child: WorldChild): boolean =>
  referencesOf(world, child).types.length === PRIMARY_KEYS[world.pk].length

/** What becomes of the rows of a child, as the guard declares it or by default. */
export const policyOf = (world: World, child: WorldChild) =>
  (isDeclarable(world, child) ? child.declared : null) ?? { policy: 'repoint', collision: 'refuse' }

/** The guard of a world. */
export function guardOf(world: World): Guard {
  const { key, nulls, keep, where, copies, losers } = world
  const parts: Record<string, KeyPart> = Object.fromEntries(
    key.map((kind, at) => [
      kind === 'expression' ? `e${at}` : `k${at}`,
      KINDS[kind].part(`k${at}`, nulls),
    ]),
  )
  const isSet = losers === 'set'
  const options: GuardOptions<KeyParts> = {
    table: 'm.t',
    key: parts,
    keep,
    ...((where || isSet) && { where: 'live' }),
    ...(copies && { copies: 'copy' }),
    ...(isSet && { losers: { set: { live: false, note: "it's" } } }),
    children: world.children.flatMap((child, at) => [
      ...(child.declared && isDeclarable(world, child)
        ? [{ table: `m.c${at}`, columns: referencesOf(world, child).columns, ...child.declared }]
        : isForeignKey(child)
          ? []
          : [{ table: `m.c${at}`, columns: referencesOf(world, child).columns }]),
      ...(child.second && hasSecond(world, child)
        ? [{ table: `m.c${at}`, columns: ['q'], ...child.second }]
        : []),
    ]),
  }
  return guard('worlds', options)
}

/** The rows of each group with more than one, first the keeper: in words of the test's own. */
export function selectGroups({ key, nulls, keep, where, copies, losers, pk }: World): string {
  const units = key.map((kind, at) => KINDS[kind].sql(`k${at}`))
  const known = nulls === 'equal' ? [] : units.map((unit) => `${unit} IS NOT NULL`)
  const bound = [...known, ...(where || losers === 'set' ? ['live'] : []), 'true']
  const order = [...keep, ...named('id', PRIMARY_KEYS[pk])]
  return `SELECT array_agg(n ORDER BY ${order.join(', ')}) AS members FROM m.t
    WHERE ${bound.join(' AND ')} GROUP BY ${[...units, ...(copies ? ['copy'] : [])].join(', ')}
    HAVING count(*) > 1`
}

function* guardedTable(world: World): Generator<string> {
  const { key, self, rows, pk } = world
  const types = PRIMARY_KEYS[pk]
  const ids = named('id', types)
  const ups = named('up', types)
  const keys = key.map((kind, at) => `k${at} ${KINDS[kind].type}`)
  yield `CREATE TABLE m.t (${columnsOf('id', types)}, ${keys.join(', ')}, n int NOT NULL, rank int,
    live bool NOT NULL, copy int NOT NULL, code text UNIQUE, ${columnsOf('up', types)},
    doc json, list int[], twice int GENERATED ALWAYS AS (rank * 2) STORED, note text,
    serial int GENERATED ALWAYS AS IDENTITY, back int, PRIMARY KEY (${ids.join(', ')}))`
  for (const [at, row] of rows.entries()) {
    const values = key.map((kind, part) => {
      const nth = part === 0 ? row.k0 : row.k1
      return literal(nth === null ? null : KINDS[kind].values[nth])
    })
    const up = row.up === null || self === null ? [] : primaryKeyOf(world, row.up % rows.length)
    yield `INSERT INTO m.t VALUES (${[
      ...[...primaryKeyOf(world, at).map(literal), ...values, String(at), literal(row.rank)],
      ...[literal(row.live), String(row.copy), literal(row.code ? `c${at}` : null)],
      ...ups.map((_, nth) => literal(up[nth])),
      ...[`'{"b": 1.0,  "a":${at}, "a": 2}'`, `'[0:1]={${at},2}'`],
    ].join(', ')})`
  }
  if (self === null) return
  yield `ALTER TABLE m.t ADD FOREIGN KEY (${ups.join(', ')}) REFERENCES m.t ON DELETE ${self}`
  yield `CREATE INDEX ON m.t (${ups.join(', ')})`
}

function* childTable(world: World, child: WorldChild, at: number): Generator<string> {
  const { types, columns, references } = referencesOf(world, child)
  const list = columns.join(', ')
  const second = hasSecond(world, child)
  const pk = identityOf(world, child).join(', ')
  yield `CREATE TABLE m.c${at} (id int NOT NULL, ${columnsOf('p', types)},
    ${second ? `q ${PRIMARY_KEYS[world.pk][0]} REFERENCES m.t,` : ''}
    x int, b bool, n int NOT NULL, PRIMARY KEY (${pk}))`
  yield `CREATE INDEX ON m.c${at} (${list})`
  if (second) yield `CREATE INDEX ON m.c${at} (q)`
  if (isForeignKey(child)) {
    yield `ALTER TABLE m.c${at} ADD FOREIGN KEY (${list}) REFERENCES m.t (${references.join(', ')})
      ON DELETE ${child.onDelete}`
  }
  for (const name of child.keys) {
    if (name === 'second' && !second) continue
    yield `CREATE UNIQUE INDEX ON m.c${at} ${CHILD_KEYS[name].replace('(p', `(${list}`)}`
  }
  const names = ['id', ...columns, ...(second ? ['q'] : []), 'x', 'b', 'n'].join(', ')
  for (const [n, row] of child.rows.entries()) {
    const other = row.q === null ? null : primaryKeyOf(world, row.q % world.rows.length)[0]
    const own = [...(second ? [literal(other)] : []), literal(row.x), literal(row.b), String(n)]
    const parent = row.p === null ? undefined : `FROM m.t WHERE n = ${row.p % world.rows.length}`
    if (parent === undefined && child.dependent) continue
    const values = parent ? references : columns.map(() => 'NULL')
    const known = parent && child.dependent ? ` AND ${references[0]} IS NOT NULL` : ''
    yield `INSERT INTO m.c${at} (${names})
      SELECT ${[String(n), ...values, ...own].join(', ')} ${parent ?? ''}${known}
      ON CONFLICT DO NOTHING`
  }
}

function* tableBelow(world: World, child: WorldChild, at: number): Generator<string> {
  const { below } = child
  if (!below) return
  const identity = identityOf(world, child)
  const { types } = referencesOf(world, child)
  const list = identity.map((name) => `r_${name}`).join(', ')
  const ofType = identity.map(
    (name, nth) => `r_${name} ${child.dependent ? (types[nth] ?? 'int') : 'int'}`,
  )
  yield `CREATE TABLE m.g${at} (id int PRIMARY KEY, ${ofType.join(', ')}, x int, n int,
    FOREIGN KEY (${list}) REFERENCES m.c${at} ON DELETE ${below.onDelete}
      ON UPDATE ${below.onUpdate})`
  yield `CREATE ${below.single ? 'UNIQUE' : ''} INDEX ON m.g${at} (${list})`
  for (const [n, row] of below.rows.entries()) {
    const from = row.child === null ? '' : `FROM m.c${at} WHERE n = ${row.child}`
    const values = from ? identity : identity.map(() => 'NULL')
    yield `INSERT INTO m.g${at} SELECT ${[n, ...values, row.x, n].join(', ')} ${from}
      ON CONFLICT DO NOTHING`
  }
}

function* pointsBack({ back, children, rows }: World): Generator<string> {
  if (back === null || !children[0] || children[0].dependent) return
  for (const [at, row] of rows.entries()) {
    yield `UPDATE m.t SET back = c.id FROM m.c0 AS c WHERE c.n = ${row.back ?? -1} AND t.n = ${at}`
  }
  yield `ALTER TABLE m.t ADD FOREIGN KEY (back) REFERENCES m.c0 ON DELETE ${back}`
  yield 'CREATE INDEX ON m.t (back)'
}

/** The statements that build a world anew, in the schema `m`. */
export const buildingOf = (world: World): string =>
  [
    'DROP SCHEMA IF EXISTS m CASCADE',
    'CREATE SCHEMA m',
    ...guardedTable(world),
    ...world.children.flatMap((child, at) => [
      ...childTable(world, child, at),
      ...tableBelow(world, child, at),
    ]),
    ...pointsBack(world),
  ].join(';\n')

/** The tables of a world. */
export const tablesOf = ({ children }: World): readonly string[] => [
  'm.t',
  ...children.flatMap(({ below }, at) => [`m.c${at}`, ...(below ? [`m.g${at}`] : [])]),
]
