import { date, generator, guard, int, type Onceover, onceover, sql } from '../../src/index.ts'
import { type Server, type ServerOptions, server } from '../../src/server/server.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

/** A guard whose table has a duplicate and a row that is missing. */
export const visits = guard('visits', {
  table: 'visits',
  key: { day: date(), patient: int() },
  matrix: { entity: 'patient', period: 'day' },
})

/** A guard whose key is enforced. */
export const shifts = guard('shifts', { table: 'shifts', key: { day: date(), patient: int() } })

const making = generator(visits, {
  expected: ({ from, to }: { from: string; to: string }) =>
    sql`SELECT day::date, 7 AS patient
        FROM generate_series(${from}::date, ${to}::date, '1 day') AS day`,
  save: (tx, { unit: { key } }) =>
    tx.query('INSERT INTO visits (day, patient) VALUES ($1, $2)', [key.day, key.patient]),
})

/** A database with visits, and servers on it. */
export interface Served {
  readonly database: TestDatabase
  readonly once: Onceover
  /** A server on it; every one is closed with it. */
  serve(options?: Partial<ServerOptions>): Server
  close(): Promise<void>
}

/** Opens a migrated database with a few visits. */
export async function openServed(): Promise<Served> {
  const database = await testDatabase()
  await database.pool.query(`
    CREATE TABLE visits (
      id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, day date NOT NULL, patient int NOT NULL);
    CREATE TABLE shifts (
      id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, day date NOT NULL, patient int NOT NULL,
      UNIQUE (day, patient));
    INSERT INTO visits (day, patient) VALUES
      ('2025-10-01', 7), ('2025-10-01', 7), ('2025-10-02', 8)`)
  const once = await onceover({ db: database.pool })
  await once.migrate()
  const servers: Server[] = []
  return {
    database,
    once,
    serve: (options = {}) => {
      const served = server({ once, guards: [visits, shifts], generators: [making], ...options })
      servers.push(served)
      return served
    },
    close: async () => {
      await Promise.all(servers.map((each) => each.close()))
      await once.close()
      await database.drop()
    },
  }
}

/** The address at which a request of a test comes; its name is one of loopback. */
export const AT = 'http://127.0.0.1:4100'

/** A request that writes JSON. */
export const writing = (
  path: string,
  body: unknown = {},
  headers: Readonly<Record<string, string>> = {},
): Request =>
  new Request(`${AT}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

/** Status and code of an answer. */
export async function codeOf(response: Response): Promise<string> {
  const told: unknown = await response.json().catch(() => ({}))
  const code = typeof told === 'object' && told !== null && 'code' in told ? told.code : 'OK'
  return `${response.status} ${code}`
}
