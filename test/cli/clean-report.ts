import type { ScanReport } from '../../src/index.ts'

const none = { groups: 0, excess: 0 }
/** The report on a table with nothing wrong. */
export const CLEAN: ScanReport = {
  guard: 'visits',
  table: 'public.visits',
  target: 'postgres://app@h:5432/shop',
  where: undefined,
  rows: 12345,
  duplicates: { ...none, largest: [], sizes: [] },
  nulls: { equal: none, distinct: none, gapExcess: 0 },
  parts: [],
  hidden: none,
  unfinished: 0,
  coverage: { enforced: true, indexes: [], invalid: [], broader: [], shadows: [] },
  findings: [],
}
