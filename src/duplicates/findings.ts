import type { Coverage } from '../guards/coverage.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Shadow } from '../guards/shadow.ts'
import type { InvalidIndex } from '../guards/unique-index.ts'
import type { Finding } from './finding.ts'
import type { PartReport, ScanReport } from './scan-report.ts'
import type { MissingTenant } from './tenant.ts'

type Facts = Omit<ScanReport, 'findings'>

const some = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`

function* inPart(
  { name, declared, nulls, forbidden, unlisted = 0 }: PartReport,
  gapExcess: number,
): Generator<Finding> {
  if (nulls > 0 && declared === 'reject') {
    yield {
      code: 'null_parts',
      message:
        `${some(nulls, 'row')} with NULL in ${name}: a unique index lets them repeat ` +
        `(${some(gapExcess, 'such repetition')} so far).`,
      fix: `Fill ${name} in and make it NOT NULL, or leave those rows out in the guard’s where.`,
    }
  }
  for (const { value, rows } of forbidden) {
    const text = JSON.stringify(value)
    yield {
      code: 'forbidden_values',
      message: `${some(rows, 'row')} with ${name} = ${text}, a stand-in for a missing value.`,
      fix: `Find what writes ${text} and give these rows their true ${name}.`,
    }
  }
  if (unlisted > 0) {
    yield {
      code: 'unlisted_values',
      message: `${some(unlisted, 'row')} with a value of ${name} that oneOf() does not list.`,
      fix: `List the value in oneOf(), or correct these rows: insert calls such a row invalid.`,
    }
  }
}

function* inRows({ guard, duplicates, parts, hidden, unfinished, nulls, overlaps }: Facts) {
  if (duplicates.groups > 0) {
    yield {
      code: 'duplicates',
      message: `${some(duplicates.groups, 'key')} with ${some(duplicates.excess, 'excess row')}.`,
      fix:
        'Keep the first row of each group and remove the others: `onceover repair` plans it. ' +
        'Then enforce the guard.',
    } as const
  }
  if (overlaps && overlaps.clusters > 0) {
    yield {
      code: 'overlapping_ranges',
      message:
        `${some(overlaps.clusters, 'cluster')} of overlapping ranges with ` +
        `${some(overlaps.rows, 'row')}, whose keys differ: no unique index sees them.`,
      fix: 'Keep one row of each cluster, or change their ranges; then add an EXCLUDE constraint.',
    } as const
  }
  for (const part of parts) yield* inPart(part, nulls.gapExcess)
  if (hidden.groups > 0) {
    yield {
      code: 'hidden_duplicates',
      message:
        `${some(hidden.groups, 'key')} stored in several spellings ` +
        '(case, white space, Unicode form or the order of a set).',
      fix: 'Declare the part as text({ trim: true, fold: true }) or set(), or clean the values.',
    } as const
  }
  if (unfinished > 0) {
    yield {
      code: 'unfinished_rows',
      message: `${some(unfinished, 'row')} of the guard ${guard} say themselves unfinished.`,
      fix: 'Finish or delete them: a crashed run leaves such placeholders behind.',
    } as const
  }
}

function* inTenants(tenants: readonly MissingTenant[], { duplicates }: Facts): Generator<Finding> {
  for (const { column, groups } of tenants) {
    yield {
      code: 'tenant_missing',
      message:
        `The key lacks ${column}, in which the rows of ${some(groups, 'duplicate group')} of ` +
        `${duplicates.groups.toLocaleString('en-US')} differ: those may be no duplicates.`,
      fix: `Put ${column} into the key of the guard, and scan again before you remove a row.`,
    }
  }
}

function* inTypes({ parts }: Inspection): Generator<Finding> {
  for (const { name, base } of parts) {
    if (!/^_?float[48]$/.test(base)) continue
    yield {
      code: 'float_key',
      message: `${name} is floating-point: 0.1 + 0.2 and 0.3 are two keys, -0 and 0 one.`,
      fix: `Make ${name} numeric, or a key of what it is rounded to.`,
    }
  }
}

// PostgreSQL itself adds these to a name while it rebuilds an index beside the old one.
const REBUILT = /_cc(new|old)\d*$/

const leftover = (quoted: string, kind: string): Pick<Finding, 'message' | 'fix'> =>
  kind === 'new'
    ? {
        message: `The index ${quoted} is what a REINDEX CONCURRENTLY that failed left behind.`,
        fix:
          `DROP INDEX CONCURRENTLY ${quoted}; where it failed at duplicates, the index that it ` +
          'was to replace has let them in: remove them, then REINDEX again.',
      }
    : {
        message: `The index ${quoted} is what a REINDEX CONCURRENTLY replaced and did not drop.`,
        fix: `DROP INDEX CONCURRENTLY ${quoted}; the index that took its place is complete.`,
      }

const invalidIndex = (index: InvalidIndex): Finding => {
  const { name, quoted, building, partitioned, ready } = index
  const code = 'invalid_index'
  if (building) {
    return {
      code,
      message: `The unique index ${quoted} is being built and enforces nothing yet.`,
      fix: 'Wait until it is done, and scan again.',
    }
  }
  if (partitioned) {
    return {
      code,
      message: `The unique index ${quoted} is invalid: a partition has no valid index in it.`,
      fix: `Make a valid unique index on each partition and attach it, or DROP INDEX ${quoted}.`,
    }
  }
  const [, kind] = REBUILT.exec(name) ?? []
  if (kind) return { code, ...leftover(quoted, kind) }
  return {
    code,
    message: ready
      ? `The unique index ${quoted} is invalid: a build that was cut short left it behind. It ` +
        'refuses new duplicates with 23505, and ON CONFLICT cannot use it.'
      : `The unique index ${quoted} is invalid and not ready: a failed build left it behind.`,
    fix: `DROP INDEX CONCURRENTLY ${quoted}; then enforce the guard.`,
  }
}

const notEnforced = (obstacle: string | undefined): Finding => ({
  code: 'not_enforced',
  ...(obstacle === undefined
    ? {
        message: 'No valid unique index covers the key: nothing stops the next duplicate.',
        fix: 'Run `onceover enforce` once the duplicates are gone.',
      }
    : {
        message: `No unique index can enforce the guard: ${obstacle}.`,
        fix: 'Remove what stands in the way, or declare the guard so that an index can hold it.',
      }),
})

const STANDS: Readonly<Record<Shadow['kind'], string>> = {
  narrower: 'is narrower than the key',
  wider: 'is wider than the key',
  partial: 'is on the key of some rows only',
  unusable: 'is on the key, and of no use here',
}

const FIXES: Readonly<Record<Shadow['kind'], string>> = {
  narrower: 'Drop it, or change the key: it rejects rows that the guard allows.',
  wider: 'Do not rely on it: it admits duplicates of the key.',
  partial: 'Do not rely on it: it admits duplicates of the key among the other rows.',
  unusable: 'Make it immediate and on the key as declared, or drop it once the guard is enforced.',
}

function* inIndexes({ enforced, invalid, shadows, obstacle }: Coverage): Generator<Finding> {
  if (enforced === false) yield notEnforced(obstacle)
  for (const index of invalid) yield invalidIndex(index)
  for (const { name, kind, why } of shadows) {
    // An index that admits too much does no harm beside one that enforces the guard.
    if (enforced && kind !== 'narrower') continue
    yield {
      code: 'shadowing_index',
      message: `The unique index ${name} ${STANDS[kind]}: it ${why}.`,
      fix: FIXES[kind],
    }
  }
}

/** What is wrong, from the facts of a scan: rows first, then types and indexes. */
export const findingsOf = (
  facts: Facts,
  inspection: Inspection,
  tenants: readonly MissingTenant[],
): readonly Finding[] => [
  ...inRows(facts),
  ...inTenants(tenants, facts),
  ...inTypes(inspection),
  ...inIndexes(facts.coverage),
]
