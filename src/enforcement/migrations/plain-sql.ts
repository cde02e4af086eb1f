import type { Inspection } from '../../guards/inspect.ts'
import { createFunctions, createIndex, dropIndex } from './queries.ts'

/** The statements that enforce a guard, and those that take it back. */
export function plainSql(inspection: Inspection): string {
  const functions = createFunctions(inspection)
  const { partitioned } = inspection.table
  const up = partitioned
    ? ['-- Up. Writers wait: no index of a partitioned table is built beside them.']
    : ['-- Up. Outside a transaction: the index is built beside writers.']
  const down = [
    '-- Down.',
    ...(functions.length > 0
      ? ['-- The functions onceover_set stay: other indexes may stand on them.']
      : []),
  ]
  return [
    ...up,
    ...functions.map((each) => `${each};`),
    `${createIndex(inspection, true)};`,
    '',
    ...down,
    `${dropIndex(inspection, true)};`,
  ].join('\n')
}
