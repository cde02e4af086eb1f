import { randomUUID } from 'node:crypto'
import type { Onceover } from 'onceover'
import type pg from 'pg'
import type { AuditedTable } from './raw-sql.ts'
import { type SessionGuard, type SessionRow, sessionGuard } from './table.ts'

/** How the chunks of a load are inserted: each by a call of its own, or all as one stream. */
export const WAYS = ['insert', 'insertStream'] as const

/** See `WAYS`. */
export type Way = (typeof WAYS)[number]

type Rows = readonly SessionRow[]

/** A load that has begun on one side. */
export interface Intake {
  /** Inserts one chunk; it is committed when this returns. */
  insert(chunk: Rows): Promise<void>
  end(): Promise<void>
}

/** One of the sides that are compared. */
export interface Side {
  readonly name: string
  readonly table: string
  begin(way: Way, guard: string): Intake
}

/** A stream of which each `next()` takes in the chunk that was put before it. */
function streamed(once: Onceover, guard: SessionGuard): Intake {
  const waiting: Rows[] = []
  function* source() {
    for (let chunk = waiting.shift(); chunk; chunk = waiting.shift()) yield* chunk
  }
  const stream = once.insertStream(guard, source())
  return {
    insert: async (chunk) => {
      waiting.push(chunk)
      await stream.next()
    },
    end: async () => {
      await stream.return()
    },
  }
}

/** Inserts through Onceover. A guard is declared once, as in an application, not for each load. */
export function onceoverSide(once: Onceover, name: string, table: string): Side {
  const guards = new Map<string, SessionGuard>()
  return {
    name,
    table,
    begin: (way, guardName) => {
      const guard = guards.get(guardName) ?? sessionGuard(guardName, table)
      guards.set(guardName, guard)
      if (way === 'insertStream') return streamed(once, guard)
      return {
        insert: async (chunk) => {
          await once.insert(guard, chunk)
        },
        end: async () => undefined,
      }
    },
  }
}

/** Inserts with a statement of raw SQL in a transaction of its own, as node-postgres teaches it. */
export const rawSide = (
  pool: pg.Pool,
  name: string,
  tables: AuditedTable,
  statement: string,
): Side => ({
  name,
  table: tables.table,
  begin: (way, guard) => {
    const whole = randomUUID()
    return {
      insert: async (chunk) => {
        const run = way === 'insertStream' ? whole : randomUUID()
        const client = await pool.connect()
        try {
          await client.query('BEGIN')
          await client.query(statement, [JSON.stringify(chunk), run, guard])
          await client.query('COMMIT')
        } finally {
          client.release()
        }
      },
      end: async () => undefined,
    }
  },
})
