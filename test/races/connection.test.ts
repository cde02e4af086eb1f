import net from 'node:net'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type OnceoverError, onceover } from '../../src/index.ts'
import { type Opened, open } from '../rows/lessons.ts'
import { TICKETS, tickets } from './tickets.ts'

let opened: Opened
beforeEach(async () => {
  opened = await open(TICKETS)
})
afterEach(() => opened.close())

const rows = Array.from({ length: 2500 }, (_, number) => ({ number }))

const query = (statement: string) => opened.query(statement)

const standing = async () => (await query('SELECT count(*)::int FROM ticket'))[0]?.count

const recorded = async () =>
  (await query('SELECT coalesce(sum(created), 0)::int AS sum FROM onceover.run'))[0]?.sum

/** Ends the sessions of this database that wait for a lock, when there is one. */
async function terminateWaiting(): Promise<void> {
  for (;;) {
    const ended = await query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`)
    if (ended.length > 0) return
  }
}

const caught = (work: Promise<unknown>): Promise<OnceoverError> =>
  work.then(
    () => {
      throw new Error('it did not fail')
    },
    (error) => error,
  )

describe('a connection that is lost', () => {
  test('in the middle of a call leaves nothing of it, and the call can be made again', async () => {
    const other = new pg.Client({ connectionString: opened.db.url })
    await other.connect()
    await other.query('BEGIN')
    await other.query('INSERT INTO ticket (number) VALUES (1500)')
    const once = await onceover({ db: opened.db.url })
    const call = caught(once.insert(tickets, rows))
    await terminateWaiting()
    expect(await call).toMatchObject({ code: 'CONNECTION_LOST', exitCode: 1 })
    await other.query('ROLLBACK')
    await other.end()
    expect([await standing(), await recorded()]).toEqual([0, 0])
    expect((await once.insert(tickets, rows)).totals.created).toBe(2500)
    await once.close()
  })

  test('during COMMIT, before it happened, is told as unknown, and nothing stands', async () => {
    await query(`
      CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_advisory_xact_lock(77); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON ticket DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION wait()`)
    const other = new pg.Client({ connectionString: opened.db.url })
    await other.connect()
    await other.query('SELECT pg_advisory_lock(77)')
    const once = await onceover({ db: opened.db.url })
    const call = caught(once.insert(tickets, [{ number: 1 }]))
    await terminateWaiting()
    expect(await call).toMatchObject({ code: 'COMMIT_UNKNOWN' })
    await other.end()
    expect([await standing(), await recorded()]).toEqual([0, 0])
    expect((await once.insert(tickets, [{ number: 1 }])).totals.created).toBe(1)
    await once.close()
  })

  test('after COMMIT, before its answer, is told as unknown, and the rows stand', async () => {
    const proxy = await losingAnswerTo('COMMIT\0')
    const url = new URL(opened.db.url)
    url.port = String(proxy.port)
    const once = await onceover({ db: url.href })
    const error = await caught(once.insert(tickets, [{ number: 1 }, { number: 2 }]))
    expect(error).toMatchObject({ code: 'COMMIT_UNKNOWN' })
    await once.close()
    await proxy.close()
    while ((await standing()) === 0) await query('SELECT')
    expect([await standing(), await recorded()]).toEqual([2, 2])
    const again = await onceover({ db: opened.db.url })
    const { totals } = await again.insert(tickets, [{ number: 1 }, { number: 2 }, { number: 3 }])
    expect(totals).toMatchObject({ skipped: 2, created: 1 })
    await again.close()
  })

  test('inside the transaction of the caller reaches the caller', async () => {
    const client = new pg.Client({ connectionString: opened.db.url })
    client.on('error', () => {})
    await client.connect()
    const [{ pid } = { pid: 0 }] = (await client.query('SELECT pg_backend_pid() AS pid')).rows
    await client.query('BEGIN')
    const once = await onceover({ db: opened.db.pool })
    await once.insert(tickets, rows, { handle: client })
    await query(`SELECT pg_terminate_backend(${pid}, 5000)`)
    const error = await caught(once.insert(tickets, [{ number: 9000 }], { handle: client }))
    expect(error).toMatchObject({ code: 'CONNECTION_LOST' })
    expect([await standing(), await recorded()]).toEqual([0, 0])
  })

  test('whenever it is lost, leaves all of a call or nothing, and events that agree', async () => {
    for (let round = 0; round < 12; round++) {
      await query('TRUNCATE ticket, onceover.run')
      const once = await onceover({ db: opened.db.url })
      const outcome = once.insert(tickets, rows).then(
        () => 'done',
        ({ code }) => code,
      )
      for (let statements = 0; statements < round; statements++) await query('SELECT')
      await query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'onceover'`)
      expect(['done', 'CONNECTION_LOST', 'COMMIT_UNKNOWN']).toContain(await outcome)
      await once.close()
      const left = await standing()
      expect([0, 2500]).toContain(left)
      expect(await recorded()).toBe(left)
    }
  })
})

/** A proxy that passes a statement on and closes the connection instead of answering to it. */
async function losingAnswerTo(statement: string) {
  const { hostname, port } = new URL(opened.db.url)
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(port), hostname)
    client.on('data', (bytes) => {
      upstream.write(bytes)
      if (bytes.includes(statement)) client.destroy()
    })
    upstream.on('data', (bytes) => client.write(bytes))
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.on('close', () => upstream.end())
    upstream.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' ? address?.port : undefined,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}
