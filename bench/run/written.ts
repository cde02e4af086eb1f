import type pg from 'pg'

/** The rows that one transaction wrote, by operation and table: `{ 'UPDATE lease': 1 }`. */
export type Written = Readonly<Record<string, number>>

/** The transactions that have written so far. */
export type ReadWritten = () => Promise<readonly Written[]>

// Not the statistics of PostgreSQL: a backend hands them in a second or more later, and they do not
// say what was written together.
const makeTally = `
  CREATE TABLE bench_written (
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
    what text NOT NULL
  );
  CREATE FUNCTION bench_write_down() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO public.bench_written (what) VALUES (TG_OP || ' ' || TG_TABLE_NAME);
    RETURN NULL;
  END $$;
  DO $$
  DECLARE ledger regclass;
  BEGIN
    FOR ledger IN SELECT oid FROM pg_class
      WHERE relnamespace = 'onceover'::regnamespace AND relkind = 'r'
    LOOP
      EXECUTE format('CREATE TRIGGER bench_written AFTER INSERT OR UPDATE OR DELETE ON %s
        FOR EACH ROW EXECUTE FUNCTION public.bench_write_down()', ledger);
    END LOOP;
  END $$`

const dropTally = `
  DROP FUNCTION IF EXISTS bench_write_down() CASCADE;
  DROP TABLE IF EXISTS bench_written`

const selectWritten = `
  SELECT json_object_agg(what, rows) AS written FROM (
    SELECT transaction, what, count(*) AS rows FROM bench_written
    GROUP BY transaction, what) AS lines
  GROUP BY transaction ORDER BY transaction`

/** Has every row that is written to Onceover's own tables written down, while `work` runs. */
export async function watchWrites<T>(
  pool: pg.Pool,
  work: (read: ReadWritten) => Promise<T>,
): Promise<T> {
  await pool.query(makeTally)
  try {
    return await work(async () => {
      const { rows } = await pool.query<{ written: Written }>(selectWritten)
      return rows.map(({ written }) => written)
    })
  } finally {
    await pool.query(dropTally)
  }
}
