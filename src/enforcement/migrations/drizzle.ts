import { indexKey } from '../../guards/coverage.ts'
import type { Inspection } from '../../guards/inspect.ts'
import type { Column } from '../../guards/table.ts'
import { literal, member, template } from './javascript.ts'
import { callsNullsEqual, createFunctions, createIndex } from './queries.ts'

const tagged = (text: string): string => `sql${template(text)}`

/** The items of the key: columns as properties of `table`, expressions as SQL. */
function itemsOf({ guard, table, parts }: Inspection): readonly string[] {
  const byQuoted = new Map([...table.columns.values()].map((each) => [each.quoted, each]))
  return indexKey(guard, table, parts).map((item) => {
    const column: Column | undefined = byQuoted.get(item)
    return column ? member('table', column.name) : tagged(item)
  })
}

function inTable(inspection: Inspection, index: string, imported: string): string {
  const { table, guard } = inspection
  const items = itemsOf(inspection)
  const needsSql = guard.where !== undefined || items.some((each) => each.startsWith('sql`'))
  const isPublic = table.schema === 'public'
  const maker = isPublic ? 'pgTable' : 'pgSchema'
  const declare = isPublic ? maker : `pgSchema(${literal(table.schema)}).table`
  return [
    ...(needsSql ? ["import { sql } from 'drizzle-orm'"] : []),
    `import { ${[maker, imported].join(', ')} } from 'drizzle-orm/pg-core'`,
    '',
    '// A property of `table` is taken to be called as its column.',
    `${declare}(${literal(table.name)}, columns, (table) => [`,
    `  ${index},`,
    '])',
  ].join('\n')
}

const customMigration = (statements: readonly string[], why: string): string =>
  [
    `-- drizzle-kit generate --custom: ${why}`,
    statements.map((each) => `${each};`).join('\n--> statement-breakpoint\n'),
  ].join('\n')

/**
 * The unique index in a table of Drizzle, or a custom migration where Drizzle cannot say it. Its
 * migrations run in a transaction, so writers wait while the index is built.
 */
export function drizzleIndex(inspection: Inspection): string {
  const { guard } = inspection
  const name = literal(guard.index)
  const items = itemsOf(inspection)
  const isPlain = guard.where === undefined && items.every((each) => !each.startsWith('sql`'))
  const functions = createFunctions(inspection)
  if (callsNullsEqual(inspection)) {
    const made = [...functions, createIndex(inspection, false)]
    if (!isPlain) return customMigration(made, 'uniqueIndex() has no NULLS NOT DISTINCT.')
    const constraint = `unique(${name}).on(${items.join(', ')}).nullsNotDistinct()`
    return inTable(inspection, constraint, 'unique')
  }
  const where = guard.where === undefined ? '' : `\n    .where(${tagged(guard.where)})`
  const index = inTable(
    inspection,
    `uniqueIndex(${name})\n    .on(${items.join(', ')})${where}`,
    'uniqueIndex',
  )
  if (functions.length === 0) return index
  const why = 'first, the functions that the index stands on.'
  const first = customMigration(functions, why).replaceAll(/^/gm, '// ')
  return `${first}\n\n${index}`
}
