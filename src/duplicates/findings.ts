import type { Coverage } from '../guards/coverage.ts'
import type { Finding } from './finding.ts'
import type { ScanReport } from './scan-report.ts'

type Facts = Omit<ScanReport, 'findings'>

const some = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`

function* inRows({
  guard,
  duplicates,
  parts,
  hidden,
  unfinished,
  nulls,
}: Facts): Generator<Finding> {
  if (duplicates.groups > 0) {
    yield {
      code: 'duplicates',
      message: `${some(duplicates.groups, 'key')} with ${some(duplicates.excess, 'excess row')}.`,
      fix: 'Keep the first row of each group and remove the others; then enforce the guard.',
    }
  }
  for (const { name, rows, meaning } of parts.map((each) => ({
    ...each,
    rows: each.nulls,
    meaning: each.declared,
  }))) {
    if (rows === 0 || meaning !== 'reject') continue
    yield {
      code: 'null_parts',
      message:
        `${some(rows, 'row')} with NULL in ${name}: a unique index lets them repeat ` +
        `(${some(nulls.gapExcess, 'such repetition')} so far).`,
      fix: `Fill ${name} in and make it NOT NULL, or leave those rows out in the guard’s where.`,
    }
  }
  for (const { name, forbidden } of parts) {
    for (const { value, rows } of forbidden) {
      yield {
        code: 'forbidden_values',
        message: `${some(rows, 'row')} with ${name} = ${JSON.stringify(value)}, a stand-in for a missing value.`,
        fix: `Find what writes ${JSON.stringify(value)} and give these rows their true ${name}.`,
      }
    }
  }
  if (hidden.groups > 0) {
    yield {
      code: 'hidden_duplicates',
      message:
        `${some(hidden.groups, 'key')} stored in several spellings ` +
        '(case, white space, Unicode form or the order of a set).',
      fix: 'Declare the part as text({ trim: true, fold: true }) or set(), or clean the values.',
    }
  }
  if (unfinished > 0) {
    yield {
      code: 'unfinished_rows',
      message: `${some(unfinished, 'row')} of the guard ${guard} say themselves unfinished.`,
      fix: 'Finish or delete them: a crashed run leaves such placeholders behind.',
    }
  }
}

function* inIndexes({ enforced, invalid, shadows }: Coverage): Generator<Finding> {
  if (enforced === false) {
    yield {
      code: 'not_enforced',
      message: 'No valid unique index covers the key: nothing stops the next duplicate.',
      fix: 'Run `onceover enforce` once the duplicates are gone.',
    }
  }
  for (const { name } of invalid) {
    yield {
      code: 'invalid_index',
      message: `The unique index ${name} is invalid: a failed build left it behind.`,
      fix: `DROP INDEX CONCURRENTLY ${name}; then enforce the guard.`,
    }
  }
  for (const { name, kind, why } of shadows) {
    yield {
      code: 'shadowing_index',
      message: `The unique index ${name} is ${kind} than the key: it ${why}.`,
      fix:
        kind === 'narrower'
          ? 'Drop it, or change the key: it rejects rows that the guard allows.'
          : 'Do not rely on it: it admits duplicates of the key.',
    }
  }
}

/** What is wrong, from the facts of a scan: rows first, then indexes. */
export const findingsOf = (facts: Facts): readonly Finding[] => [
  ...inRows(facts),
  ...inIndexes(facts.coverage),
]
