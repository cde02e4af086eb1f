import { date, expression, guard, int, set, text } from 'onceover'
import { quoteIdentifier } from '../../src/postgres/identifier.ts'

const ODD_SCHEMA = "o'dd $onceover$"
// biome-ignore lint/suspicious/noTemplateCurlyInString: a name that a template would read
const ODD_TABLE = 'say "hi" ` ${x}'
const ODD_COLUMN = "it's ? \\ `a`"

/** Tables to guard, one of them with names that every quoting must withstand. */
export const TABLES = `
  CREATE TABLE visits (id int PRIMARY KEY, day date NOT NULL, patient_id int,
    is_cancelled boolean NOT NULL DEFAULT false, copy int NOT NULL DEFAULT 0, tags jsonb);
  CREATE SCHEMA ${quoteIdentifier(ODD_SCHEMA)};
  CREATE TABLE ${quoteIdentifier(ODD_SCHEMA)}.${quoteIdentifier(ODD_TABLE)} (id int PRIMARY KEY,
    ${quoteIdentifier(ODD_COLUMN)} text NOT NULL, "days; --" int[] NOT NULL, data jsonb);
  CREATE TABLE parted (id int, day date NOT NULL, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')`

/** A guard of each kind that an index can be written for. */
export const GUARDS = {
  plain: guard('plain', { table: 'visits', key: { day: date(), patient_id: int() } }),
  partial: guard('partial', {
    table: 'visits',
    key: { day: date(), patient_id: int() },
    where: 'NOT is_cancelled',
  }),
  copied: guard('copied', {
    table: 'visits',
    key: { day: date(), patient_id: int() },
    copies: 'copy',
  }),
  computed: guard('computed', {
    table: 'visits',
    key: { month: expression("date_trunc('month', day::timestamp)"), tags: set() },
  }),
  nullsEqual: guard('nulls equal', {
    table: 'visits',
    key: { day: date(), patient_id: int({ nulls: 'equal' }) },
  }),
  hostile: guard(`o'dd "\${x}" \\ ? \`g\``, {
    table: `${quoteIdentifier(ODD_SCHEMA)}.${quoteIdentifier(ODD_TABLE)}`,
    key: { [ODD_COLUMN]: text({ trim: true, fold: true }), 'days; --': set() },
    where: `${quoteIdentifier(ODD_COLUMN)} <> E'\\\\ \${x} \` ?' AND data ? 'a'`,
    index: `ix ' " \` \${x} \\ ?`,
  }),
  partitioned: guard('partitioned', { table: 'parted', key: { day: date() } }),
}

/** The name of one of them. */
export type GuardName = keyof typeof GUARDS

/** The names of all of them. */
export const NAMES = Object.keys(GUARDS) as GuardName[]
