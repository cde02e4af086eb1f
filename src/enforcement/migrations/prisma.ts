import type { Inspection } from '../../guards/inspect.ts'
import { callsNullsEqual, createFunctions, createIndex } from './queries.ts'

const FIELD = /^[A-Za-z]\w*$/

/** Why the schema of Prisma cannot say what the index is; undefined where it can. */
function unsayable(inspection: Inspection): string | undefined {
  const { guard, parts, copies } = inspection
  if (guard.where) return '@@unique has no WHERE'
  const computed = parts.find(({ encoding, column }) => encoding.indexed !== column?.quoted)
  if (computed) return `@@unique has no expressions, such as the one of ${computed.name}`
  if (callsNullsEqual(inspection)) return '@@unique has no NULLS NOT DISTINCT'
  const odd = [...parts.map(({ name }) => name), ...(copies ? [copies.name] : [])].find(
    (name) => !FIELD.test(name),
  )
  return odd === undefined ? undefined : `${odd} is no name of a field`
}

const fieldsOf = ({ parts, copies }: Inspection): readonly string[] => [
  ...parts.map(({ name }) => name),
  ...(copies ? [copies.name] : []),
]

const oneLine = (text: string): string => text.replaceAll(/[\r\n]+/g, ' ')

// Of several statements Prisma makes one transaction, in which nothing is built beside writers.
function* files(inspection: Inspection): Generator<string> {
  const functions = createFunctions(inspection)
  const name = inspection.guard.name.replaceAll(/\W+/g, '_')
  if (functions.length > 0) {
    yield [
      `-- prisma/migrations/<time>_functions_of_${name}/migration.sql`,
      ...functions.map((each) => `${each};`),
    ].join('\n')
  }
  const time = functions.length > 0 ? '<later time>' : '<time>'
  yield [
    `-- prisma/migrations/${time}_guard_${name}/migration.sql`,
    '-- Alone in its file: Prisma runs several statements in one transaction.',
    `${createIndex(inspection, true)};`,
  ].join('\n')
}

/** The unique index in the schema of Prisma, or as migrations in SQL where that cannot say it. */
export function prismaSchema(inspection: Inspection): string {
  const { guard, table } = inspection
  const why = unsayable(inspection)
  if (why !== undefined) {
    return [`-- In SQL, since ${oneLine(why)}.`, ...files(inspection)].join('\n\n')
  }
  return [
    `// In the model of ${oneLine(table.name)}. A field is taken to be called as its column.`,
    `@@unique([${fieldsOf(inspection).join(', ')}], map: ${JSON.stringify(guard.index)})`,
  ].join('\n')
}
