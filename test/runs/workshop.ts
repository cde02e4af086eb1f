import {
  date,
  type GeneratorOptions,
  generator,
  guard,
  int,
  type Onceover,
  type OnceoverOptions,
  onceover,
} from 'onceover'
import type pg from 'pg'
import { type TestDatabase, testDatabase } from '../support/database.ts'

/** What the tests of work make: a visit is a row, its note what was made of its input. */
export const visits = guard('visits', {
  table: 'visits',
  key: { visitor: int(), day: date() },
  show: ['note'],
})

const TABLE = `CREATE TABLE visits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  visitor bigint NOT NULL, day date NOT NULL, note text, code text UNIQUE CHECK (code <> 'bad'),
  UNIQUE (visitor, day))`

/** A database with the table of visits, and Onceover on it. */
export interface Workshop {
  readonly database: TestDatabase
  readonly pool: pg.Pool
  readonly once: Onceover
  /** Another Onceover, as another process has it; closed with the workshop. */
  other(options?: Partial<OnceoverOptions>): Promise<Onceover>
  /** The rows of a statement. */
  rows<Row = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>
  /** Empties the table and the ledger; runs and events stay. */
  empty(): Promise<void>
  close(): Promise<void>
}

/** Opens a workshop. */
export async function openWorkshop(options: Partial<OnceoverOptions> = {}): Promise<Workshop> {
  const database = await testDatabase()
  const { pool } = database
  const opened: Onceover[] = []
  const other = async (more: Partial<OnceoverOptions> = {}) => {
    const once = await onceover({ db: pool, ...more })
    opened.push(once)
    return once
  }
  await pool.query(TABLE)
  const once = await other(options)
  await once.migrate()
  const rows = async <Row>(text: string, values?: unknown[]) =>
    (await pool.query(text, values)).rows as Row[]
  return {
    database,
    pool,
    once,
    other,
    rows,
    empty: async () => {
      await pool.query('TRUNCATE visits, onceover.claim, onceover.step')
    },
    close: async () => {
      await Promise.all(opened.map((each) => each.close()))
      await database.drop()
    },
  }
}

const DAY = '2025-01-01'

/** The unit of a visitor. */
export const unit = (visitor: number | bigint) => ({ key: { visitor, day: DAY } })

/** The units of the visitors from one number to another. */
export const units = (from: number, until: number) =>
  Array.from({ length: until - from + 1 }, (_, place) => unit(from + place))

type Options<Input, Made, Range> = Partial<GeneratorOptions<typeof visits, Input, Made, Range>>

/** A generator of visits, saved one by one; what a test needs otherwise it gives. */
export const visiting = <Input = unknown, Made = undefined, Range = unknown>(
  options: Options<Input, Made, Range> = {},
) =>
  generator<typeof visits, Input, Made, Range>(visits, {
    backoff: '0ms',
    ...options,
    ...(!options.saveAll && {
      save:
        options.save ??
        (async (tx, { unit: { key }, claim: { existing, attempt } }) => {
          await tx.query(
            existing
              ? 'UPDATE visits SET note = $3 WHERE visitor = $1 AND day = $2'
              : 'INSERT INTO visits (visitor, day, note) VALUES ($1, $2, $3)',
            [key.visitor, key.day, `attempt ${attempt}`],
          )
          return { attempt }
        }),
    }),
  })

/** The verdicts as `verdict` or `verdict: reason`. */
export const said = (
  verdicts: readonly { readonly verdict: string; readonly reason?: string }[],
): string[] =>
  verdicts.map(({ verdict, reason }) => (reason === undefined ? verdict : `${verdict}: ${reason}`))

/** A promise that somebody else settles. */
export interface Signalled<Value = void> {
  readonly promise: Promise<Value>
  readonly resolve: (value: Value) => void
  readonly reject: (error: unknown) => void
}

/** A promise to settle from outside. */
export function signalled<Value = void>(): Signalled<Value> {
  let resolve: (value: Value) => void = () => undefined
  let reject: (error: unknown) => void = () => undefined
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/** Asks again until it is so. */
export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10))
}
