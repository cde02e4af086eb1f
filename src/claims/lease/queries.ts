import { type Sql, sql } from '../../postgres/sql.ts'

const until = (leaseMs: number): Sql =>
  sql`statement_timestamp() + ${leaseMs}::float8 * interval '1 ms'`

/** Opens the lease of a worker. */
export const openLease = (id: string, worker: string, leaseMs: number): Sql => sql`
  INSERT INTO onceover.lease (id, worker, expires_at)
  VALUES (${id}::uuid, ${worker}::text, ${until(leaseMs)})`

/**
 * A beat: renews the lease, however many claims it holds, and answers with the runs of this worker
 * that were cancelled. No answer means that the lease is dead. An expired one that nobody marked
 * dead lives on: nothing was taken from it.
 */
export const renewLease = (id: string, leaseMs: number, runs: readonly string[]): Sql => sql`
  UPDATE onceover.lease SET expires_at = ${until(leaseMs)} WHERE id = ${id}::uuid AND NOT dead
  RETURNING (SELECT coalesce(json_agg(id), '[]')::text FROM onceover.run
    WHERE id = ANY(${runs}::uuid[]) AND state = 'cancelled') AS cancelled`

/** Ends a lease: whatever it still holds can be taken over at once. */
export const endLease = (id: string): Sql => sql`
  UPDATE onceover.lease SET dead = true WHERE id = ${id}::uuid`
