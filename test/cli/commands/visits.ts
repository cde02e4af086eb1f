import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { type Ended, installedProject, type Project } from '../installed.ts'

const CONFIG = `
import { date, guard, text } from 'onceover'
const key = { day: date(), patient: text() }
export default {
  guards: [
    guard('visits', {
      table: 'visits', key, show: ['status'], suspect: "status = 'LOST'", index: 'ux_visits',
      children: [{ table: 'lines', columns: ['visit_id'], collision: 'merge' }],
    }),
    guard('clean', { table: 'clean', key }),
  ],
}`

const ROWS = `
  TRUNCATE visits, lines, onceover.repair RESTART IDENTITY;
  INSERT INTO visits VALUES (1, '2025-10-23', 'p1', 'OK'), (2, '2025-10-23', 'p1', 'OK'),
    (3, '2025-10-23', 'p1', 'OK'), (4, '2025-10-24', 'p1', 'LOST'), (5, '2025-10-24', 'p1', 'OK'),
    (6, '2025-10-25', 'p1', 'OK');
  INSERT INTO lines VALUES (1, 1, 'a'), (2, 2, 'a'), (3, 3, 'b'), (4, 5, 'a'), (5, 6, 'a')`

/** A project with a guard of visits that has duplicates and children, and one that has none. */
export interface Visits {
  readonly project: Project
  readonly db: TestDatabase
  /** Runs a command on the database. */
  onceover(args: readonly string[]): Promise<Ended>
  /** Takes away every repair, and gives the tables their first rows. */
  empty(): Promise<void>
  /** All rows of the guarded table and its children, as text. */
  rows(): Promise<readonly string[]>
  /** The states of all repairs. */
  repairs(): Promise<readonly string[]>
  close(): Promise<void>
}

/** Opens a project of visits. */
export async function openVisits(): Promise<Visits> {
  const [db, project] = await Promise.all([testDatabase(), installedProject()])
  await project.write('onceover.config.ts', CONFIG)
  await db.pool.query(`
    CREATE TABLE visits (id int PRIMARY KEY, day date NOT NULL, patient text NOT NULL,
      status text);
    CREATE TABLE lines (id int PRIMARY KEY, visit_id int NOT NULL REFERENCES visits,
      sku text NOT NULL, UNIQUE (visit_id, sku));
    CREATE TABLE clean (id int PRIMARY KEY, day date, patient text)`)
  await project.run(['migrate', '--db', db.url])
  const texts = async (sql: string): Promise<string[]> =>
    (await db.pool.query(sql)).rows.map(({ row }) => row)
  return {
    project,
    db,
    onceover: ([command = '', ...args]) => project.run([command, '--db', db.url, ...args]),
    empty: async () => {
      const tables = await texts(`SELECT oid::regclass::text AS row FROM pg_class
        WHERE relkind = 'r' AND relname ~ '^repair_[0-9]+_'`)
      for (const name of tables) await db.pool.query(`DROP TABLE ${name}`)
      await db.pool.query('DROP INDEX IF EXISTS ux_visits')
      await db.pool.query(ROWS)
    },
    rows: () =>
      texts(`SELECT 'v' || t::text AS row FROM visits AS t
        UNION ALL SELECT 'l' || t::text FROM lines AS t ORDER BY row`),
    repairs: () => texts('SELECT state AS row FROM onceover.repair ORDER BY id'),
    close: async () => {
      await project.remove()
      await db.drop()
    },
  }
}
