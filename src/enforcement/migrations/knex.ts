import type { Inspection } from '../../guards/inspect.ts'
import { template } from './javascript.ts'
import { createFunctions, createIndex, dropIndex } from './queries.ts'

// Knex reads a bare ? as the place of a value.
const raw = (statement: string): string =>
  `  await knex.raw(${template(statement.replaceAll('?', '\\?'))})`

/** A migration of Knex, up and down. */
export const knexMigration = (inspection: Inspection): string =>
  [
    ...(inspection.table.partitioned
      ? ['// Writers wait: no index of a partitioned table is built beside them.']
      : ['// Beside writers, which PostgreSQL does outside a transaction only.']),
    'export const config = { transaction: false }',
    '',
    'export async function up(knex) {',
    ...createFunctions(inspection).map(raw),
    raw(createIndex(inspection, true)),
    '}',
    '',
    'export async function down(knex) {',
    raw(dropIndex(inspection, true)),
    '}',
  ].join('\n')
