import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { is, SQL } from 'drizzle-orm'
import { getTableConfig, PgDialect, type PgTable } from 'drizzle-orm/pg-core'
import knex from 'knex'
import { type Onceover, onceover } from 'onceover'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { quoteIdentifier } from '../../src/postgres/identifier.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { ROOT } from '../tidy/source-file.ts'
import { GUARDS, type GuardName, NAMES, TABLES } from './guarded-tables.ts'

// Inside the repository, so that the packages resolve; ignored by git.
const FOLDER = join(ROOT, 'build', `printed-${process.pid}`)

let database: TestDatabase
let once: Onceover
beforeEach(async () => {
  database = await testDatabase()
  once = await onceover({ db: database.pool })
  await database.pool.query(TABLES)
  mkdirSync(FOLDER, { recursive: true })
})
afterEach(async () => {
  rmSync(FOLDER, { recursive: true })
  await once.close()
  await database.drop()
})

const isEnforced = async (name: GuardName) => (await once.inspect(GUARDS[name])).coverage.enforced

test.each(NAMES)('Knex migrates the guard %s up and down', async (name) => {
  // Each under a name of its own: a module is loaded once.
  writeFileSync(join(FOLDER, `1_${name}.mjs`), (await once.migrations(GUARDS[name])).knex)
  const client = knex({ client: 'pg', connection: database.url })
  const options = { directory: FOLDER, loadExtensions: ['.mjs'] }
  try {
    await client.migrate.latest(options)
    expect(await isEnforced(name)).toBe(true)
    await client.migrate.rollback(options)
    expect(await isEnforced(name)).toBe(false)
  } finally {
    await client.destroy()
  }
})

describe('Drizzle', () => {
  // As it stands in an application: the columns are there already, each called as in the database.
  async function made(name: GuardName, printed: string): Promise<PgTable> {
    const { table } = await once.inspect(GUARDS[name])
    const columns = [...table.columns.keys()].map(
      (each) => `${JSON.stringify(each)}: integer(${JSON.stringify(each)}),`,
    )
    const path = join(FOLDER, `${name}.ts`)
    const declared = printed.replace(/^pg(Table|Schema)\(/m, 'export const made = pg$1(')
    writeFileSync(
      path,
      `import { integer } from 'drizzle-orm/pg-core'\nconst columns = { ${columns.join('\n')} }\n` +
        declared,
    )
    return (await import(path)).made
  }

  // What drizzle-kit writes of an index or a constraint.
  function ddlOf(table: PgTable): string {
    const { name, schema, indexes, uniqueConstraints } = getTableConfig(table)
    const quoted = [schema ?? 'public', name].map(quoteIdentifier).join('.')
    const written = (sql: SQL) => new PgDialect().sqlToQuery(sql).sql
    const [constraint] = uniqueConstraints
    if (constraint) {
      const columns = constraint.columns.map((each) => quoteIdentifier(each.name)).join(', ')
      const nulls = constraint.nullsNotDistinct ? ' NULLS NOT DISTINCT' : ''
      return (
        `ALTER TABLE ${quoted} ADD CONSTRAINT ${quoteIdentifier(constraint.getName() ?? '')} ` +
        `UNIQUE${nulls} (${columns})`
      )
    }
    const config = indexes[0]?.config
    const items = config?.columns.map((each) =>
      is(each, SQL) ? written(each) : quoteIdentifier(('name' in each && each.name) || ''),
    )
    return (
      `CREATE ${config?.unique ? 'UNIQUE ' : ''}INDEX ${quoteIdentifier(config?.name ?? '')} ` +
      `ON ${quoted} (${items?.join(', ')})${config?.where ? ` WHERE ${written(config.where)}` : ''}`
    )
  }

  test.each(NAMES)('declares the index of the guard %s', async (name) => {
    const { drizzle } = await once.migrations(GUARDS[name])
    // The functions come first, in comments: they belong into a migration of their own.
    const functions = drizzle
      .split('\n')
      .filter((line) => line.startsWith('// ') && !/^\/\/ (--|A property)/.test(line))
      .map((line) => line.slice(3))
      .join('\n')
    if (functions !== '') await database.pool.query(functions)
    await database.pool.query(ddlOf(await made(name, drizzle)))
    expect(await isEnforced(name)).toBe(true)
  })
})
