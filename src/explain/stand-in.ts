import type { Inspection } from '../guards/inspect.ts'
import type { Table } from '../guards/table.ts'
import type { Session } from '../postgres/session.ts'
import { selectShapes } from './queries.ts'
import { quietly } from './quietly.ts'

/** A value that stands in for one that nobody passed on. */
export interface StandIn {
  readonly column: string
  readonly value: string
  /** `certain` where the guard forbids it. */
  readonly likelihood: 'certain' | 'likely' | 'possible'
  /** What shows it, as a sentence. */
  readonly evidence: string
}

// What programs write where they have no value, and nobody means.
const NO_VALUE: ReadonlySet<string> = new Set([
  ...['', '?', 'unknown', 'undefined', 'null', 'n/a', 'nan', 'tbd', 'placeholder'],
  ...['[object object]', 'invalid date', '00000000-0000-0000-0000-000000000000', '1970-01-01'],
])

// What may be meant as well: a list called default, a contract without an end.
const DOUBTFUL: ReadonlySet<string> = new Set([
  ...['-', 'none', 'nil', 'na', 'default', 'dummy', '0001-01-01', '9999-12-31'],
])

const MIDNIGHT = /[ T]00:00(:00(\.0+)?)?(Z|[+-]\d\d(:?\d\d)?)?$/

function wellKnown(value: string): StandIn['likelihood'] | undefined {
  const bare = value.trim().toLowerCase().replace(MIDNIGHT, '')
  if (NO_VALUE.has(bare)) return 'likely'
  return DOUBTFUL.has(bare) ? 'possible' : undefined
}

interface Shapes {
  readonly rows: number
  readonly same: number
  readonly own: string
  readonly others: number
  readonly common: { readonly shape: string; readonly values: number; readonly example: string }
}

const FEWEST_OTHERS = 5
const SHARE = 0.9

// A word among times, numbers or codes: the others agree on a shape with digits, and it has none.
const standsOut = ({ own, others, common }: Shapes): boolean =>
  others >= FEWEST_OTHERS &&
  common.values >= SHARE * others &&
  common.shape !== own &&
  common.shape.includes('9') &&
  !own.includes('9')

const rows = (count: number): string => `${count} ${count === 1 ? 'row' : 'rows'}`

async function shapesOf(session: Session, table: Table, name: string, value: string) {
  const column = table.columns.get(name)
  if (!column?.textual) return undefined
  const [found] =
    (await quietly(session, () =>
      session.query<{ shapes: string }>(selectShapes(table, column, value)),
    )) ?? []
  return found && (JSON.parse(found.shapes) as Shapes)
}

async function judge(
  session: Session,
  table: Table,
  inspection: Inspection | undefined,
  column: string,
  value: string,
): Promise<StandIn | undefined> {
  const part = inspection?.parts.find(({ name }) => name === column)?.part
  if (part?.forbid.includes(value)) {
    const evidence =
      `The guard ${inspection?.guard.name} forbids ${JSON.stringify(value)} in ${column}: it ` +
      'stands in for a missing value.'
    return { column, value, likelihood: 'certain', evidence }
  }
  if (table.columns.get(column)?.isEnum) return undefined
  const known = wellKnown(value)
  if (known) {
    const evidence = `${column} is ${JSON.stringify(value)}, which programs write for no value.`
    return { column, value, likelihood: known, evidence }
  }
  const shapes = await shapesOf(session, table, column, value)
  if (!shapes || !standsOut(shapes)) return undefined
  const { common, others, same } = shapes
  const evidence =
    `${column} is ${JSON.stringify(value)} (${rows(same)} so far), while ${common.values} of the ` +
    `${others} other values found there look like ${JSON.stringify(common.example)}.`
  return { column, value, likelihood: 'likely', evidence }
}

/** The values of a key that stand in for missing ones: forbidden, well known, or out of shape. */
export async function findStandIns(
  session: Session,
  table: Table,
  inspection: Inspection | undefined,
  attempted: Readonly<Record<string, unknown>>,
): Promise<readonly StandIn[]> {
  const found: StandIn[] = []
  for (const [column, value] of Object.entries(attempted)) {
    if (typeof value !== 'string') continue
    const standIn = await judge(session, table, inspection, column, value)
    if (standIn) found.push(standIn)
  }
  return found
}
