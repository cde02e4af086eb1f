import {
  date,
  type Generator,
  generator,
  guard,
  int,
  type Onceover,
  onceover,
  sql,
  text,
} from '../../src/index.ts'
import { type Listening, listen, type ServerOptions, server } from '../../src/server/server.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

/** The visits of patients, a day each: enforced, and made by a generator. */
export const visits = guard('visits', {
  table: 'visits',
  key: { patient: int(), day: date() },
  matrix: { entity: 'patient', period: 'day', labels: 'SELECT id, name FROM patients' },
})

/** Meals, rows of which may be copied with a reason. */
const meals = guard('meals', {
  table: 'meals',
  key: { day: date(), ward: text() },
  copies: 'copy_number',
})

/** Badges, some of which were given out twice, and nothing that would refuse a third. */
export const badges = guard('badges', { table: 'badges', key: { person: int() } })

const SCHEMA = `
  CREATE TABLE patients (id int PRIMARY KEY, name text NOT NULL);
  INSERT INTO patients VALUES (1, 'Ada'), (2, 'Ben'), (3, 'Cy'), (4, 'Dora'), (5, 'Eve');
  CREATE TABLE visits (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    patient int NOT NULL REFERENCES patients, day date NOT NULL);
  CREATE TABLE meals (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, day date NOT NULL,
    ward text NOT NULL, copy_number int NOT NULL DEFAULT 0);
  CREATE TABLE badges (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, person int NOT NULL,
    given_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO badges (person, given_at)
    SELECT n / 2, '2025-10-01'::timestamptz + n * interval '1 hour' FROM generate_series(0, 11) n`

/** The last of the 28 days that the visits are of. */
export const LAST_DAY = '2025-10-28'

const FIRST_DAY = '2025-10-01'

/** A database with visits, and servers on it. */
export interface Ward {
  readonly database: TestDatabase
  readonly once: Onceover
  readonly making: Generator<typeof visits, unknown, unknown, { from: string; to: string }>
  /** Patients whose visits fail for now. */
  readonly failing: Set<number>
  /** Makes every visit wait from now on, until what it returns is called. */
  hold(): () => void
  /** A server on a free port of loopback; it is closed with the ward. */
  serve(options?: Partial<ServerOptions> & { readonly port?: number }): Promise<Listening>
  close(): Promise<void>
}

/**
 * Opens a ward of five patients with 28 days of visits: on the last one Ben's and Eve's are
 * missing, Cy's failed, and Dora's was asked for twice.
 */
export async function openWard(): Promise<Ward> {
  const database = await testDatabase()
  const { pool } = database
  await pool.query(SCHEMA)
  const once = await onceover({ db: pool })
  await once.migrate()
  await once.enforce(visits)
  await once.enforce(meals)
  const failing = new Set<number>([3])
  let held = Promise.resolve()
  const making = generator(visits, {
    expected: ({ from, to }: { from: string; to: string }) => sql`
      SELECT id AS patient, day::date FROM patients,
        generate_series(greatest(${from}, '2025-10-01')::date, ${to}::date, '1 day') AS day`,
    make: async ({ key }) => {
      await held
      if (failing.has(Number(key.patient))) throw new Error('The nurse is ill.')
    },
    save: (tx, { unit: { key } }) =>
      tx.query('INSERT INTO visits (patient, day) VALUES ($1, $2)', [key.patient, key.day]),
  })
  await plant(once, making, failing)
  const listening: Listening[] = []
  return {
    ...{ database, once, making, failing },
    hold: () => {
      let goOn = () => {}
      held = new Promise((resolve) => {
        goOn = resolve
      })
      return goOn
    },
    serve: async ({ port = 0, ...options } = {}) => {
      const guards = [visits, meals, badges]
      const shown = server({ once, guards, generators: [making], write: true, ...options })
      const one = await listen(shown, { port })
      listening.push(one)
      return one
    },
    close: async () => {
      await Promise.all(listening.map((one) => one.close()))
      await once.close()
      await database.drop()
    },
  }
}

async function plant(once: Onceover, making: Ward['making'], failing: Set<number>): Promise<void> {
  const asked = { actor: 'nightly job', reason: 'the visits of the day' }
  const before = { from: FIRST_DAY, to: '2025-10-27' }
  failing.clear()
  await once.run(making, before, asked)
  failing.add(3)
  const last = [1, 3, 4].map((patient) => ({ key: { patient, day: LAST_DAY } }))
  await once.run(making, last, asked)
  const again = { actor: 'reception', reason: 'a relative asked again' }
  await once.run(making, last.slice(2), again)
}
