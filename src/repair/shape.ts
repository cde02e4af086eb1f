import { isDeepStrictEqual } from 'node:util'

/** A table of a repair, as it was planned. */
export interface TableShape {
  readonly oid: string
  readonly quoted: string
  readonly columns: readonly (readonly [name: string, type: string])[]
  readonly primaryKey: readonly string[]
}

interface EdgeShape {
  readonly place: number
  readonly parent: number
  readonly child: number
  readonly constraint?: string
  readonly columns: readonly string[]
}

/** What a repair depends on of its tables, as plain JSON. */
export interface Shape {
  readonly tables: readonly TableShape[]
  readonly edges: readonly EdgeShape[]
  readonly losing: readonly number[]
}

const nameOf = ({ quoted }: TableShape): string => quoted.replaceAll('"', '')

function* ofTable(then: TableShape, now: TableShape): Generator<string> {
  const name = nameOf(now)
  if (then.oid !== now.oid) return yield `${name} is another table than it was`
  const types = new Map(now.columns)
  for (const [column, type] of then.columns) {
    const current = types.get(column)
    if (current === undefined) yield `${name} has no column ${column} any more`
    else if (current !== type) yield `${name}.${column} was ${type} and is ${current}`
    types.delete(column)
  }
  for (const column of types.keys()) yield `${name} has a new column ${column}`
  if (!isDeepStrictEqual(then.primaryKey, now.primaryKey)) yield `${name} has another primary key`
}

const isSame = (then: EdgeShape, now: EdgeShape): boolean => {
  const asPlaced = { parent: 0, child: 0, place: 0 }
  return isDeepStrictEqual({ ...then, ...asPlaced }, { ...now, ...asPlaced })
}

// Each edge under the words for what hangs on what.
function edgesOf({ tables, edges }: Shape): ReadonlyMap<string, EdgeShape> {
  const nameAt = (place: number) => tables[place]?.quoted.replaceAll('"', '') ?? ''
  return new Map(
    edges.map((edge) => [
      `on ${nameAt(edge.parent)} by ${edge.constraint ?? edge.columns.join(', ')} of ` +
        nameAt(edge.child),
      edge,
    ]),
  )
}

function* ofEdges(then: Shape, now: Shape): Generator<string> {
  const old = edgesOf(then)
  const current = edgesOf(now)
  for (const words of old.keys()) if (!current.has(words)) yield `nothing hangs ${words} any more`
  for (const [words, edge] of current) {
    const before = old.get(words)
    if (!before) yield `rows hang ${words} now`
    else if (!isSame(before, edge)) yield `rows hang ${words} in another way`
  }
}

/** What has changed between two shapes, in words; empty where nothing has. */
export function differences(then: Shape, now: Shape): readonly string[] {
  if (isDeepStrictEqual(then, now)) return []
  const tables = now.tables.flatMap((table) => {
    const before = then.tables.find(({ quoted }) => quoted === table.quoted)
    return before ? [...ofTable(before, table)] : []
  })
  const found = [...tables, ...ofEdges(then, now)]
  return found.length > 0 ? found : ['the order of the tables is another']
}
