import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { date, guard, int, type Onceover, onceover } from '../../src/index.ts'
import { type Server, server } from '../../src/server/server.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const visits = guard('visits', { table: 'visits', key: { day: date(), patient: int() } })

let database: TestDatabase
let once: Onceover
let served: Server

beforeAll(async () => {
  database = await testDatabase()
  await database.pool.query(
    'CREATE TABLE visits (id serial PRIMARY KEY, day date NOT NULL, patient int NOT NULL)',
  )
  once = await onceover({ db: database.pool })
  await once.migrate()
  await once.enforce(visits)
  served = server({ once, guards: [visits] })
})

afterAll(async () => {
  await served.close()
  await once.close()
  await database.drop()
})

interface Message {
  readonly id?: string
  readonly event?: string
  readonly data?: string
}

/** Reads messages of a stream one by one. */
async function* messages(last?: string): AsyncGenerator<Message, void, undefined> {
  const headers: Record<string, string> = last === undefined ? {} : { 'last-event-id': last }
  const response = await served.fetch(new Request('http://127.0.0.1/api/live', { headers }))
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  let text = ''
  for await (const part of (response.body as ReadableStream<Uint8Array>).pipeThrough(
    new TextDecoderStream(),
  )) {
    text += part
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2))
      const message: Message = Object.fromEntries(fields)
      if (message.event !== undefined) yield message
    }
  }
}

const insert = (patient: number) =>
  once.insertOne(visits, { day: '2025-10-01', patient }, { actor: 'ana' })

async function next(stream: AsyncGenerator<Message>): Promise<Message> {
  const { value } = await stream.next()
  if (!value) throw new Error('The stream has ended.')
  return value
}

/** How many statements wait for a lock. */
async function waiting(): Promise<number> {
  const { rows } = await database.pool.query(
    `SELECT count(*)::int AS waiting FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  )
  return rows[0].waiting
}

/** The next event of the ledger, and the id of its message. */
async function nextEvent(stream: AsyncGenerator<Message>) {
  for (;;) {
    const { id, data = '{}' } = await next(stream)
    const change = JSON.parse(data)
    if (change.kind === 'event') return { id, change }
  }
}

test('tells what is inserted while it listens, and resumes where a listener left', async () => {
  const first = messages()
  expect(await next(first)).toMatchObject({ event: 'hello' })
  await insert(1)
  const { id, change } = await nextEvent(first)
  expect(change).toMatchObject({ guard: 'visits', verdict: 'created', actor: 'ana', keys: 1 })
  await first.return()
  // Nobody listens now, and nobody looks: what happened meanwhile is read by the next look.
  await insert(2)
  await insert(1)
  const second = messages(id)
  const told = [await nextEvent(second), await nextEvent(second)]
  expect(told.map((each) => each.change.verdict)).toEqual(['created', 'skipped'])
  await second.return()
})

test('tells of an event whose transaction committed after a later one', async () => {
  const stream = messages()
  await next(stream)
  const client = await database.pool.connect()
  try {
    await client.query('BEGIN')
    await once.insert(visits, [{ day: '2025-10-01', patient: 10 }], { handle: client })
    await insert(11)
    const early = await nextEvent(stream)
    await client.query('COMMIT')
    const late = await nextEvent(stream)
    expect(BigInt(late.change.id)).toBeLessThan(BigInt(early.change.id))
  } finally {
    client.release()
    await stream.return()
  }
})

test('looks once at a time where its last listener leaves during a look', async () => {
  const first = messages()
  await next(first)
  await insert(20)
  const { id } = await nextEvent(first)
  const client = await database.pool.connect()
  let second: ReturnType<typeof messages>
  let told: ReturnType<typeof nextEvent>
  try {
    await client.query('BEGIN; LOCK onceover.repair IN ACCESS EXCLUSIVE MODE')
    while ((await waiting()) === 0) await sleep(20)
    await first.return()
    second = messages(id)
    told = nextEvent(second)
    await insert(21)
    // As long as a second look would take to come to the lock.
    await sleep(100)
    expect(await waiting()).toBe(1)
  } finally {
    await client.query('COMMIT')
    client.release()
  }
  const one = await told
  await insert(22)
  const other = await nextEvent(second)
  expect(BigInt(other.change.id)).toBeGreaterThan(BigInt(one.change.id))
  await second.return()
})

test('has those who come back after thousands of events start anew', async () => {
  const first = messages()
  await next(first)
  await insert(30)
  const { id } = await nextEvent(first)
  await first.return()
  await database.pool.query(
    `INSERT INTO onceover.event (run_id, guard, verdict, parts, keys)
    SELECT run_id, guard, verdict, parts, keys
    FROM (SELECT * FROM onceover.event LIMIT 1) AS one, generate_series(1, 6000)`,
  )
  const second = messages(id)
  const seen = []
  do seen.push((await next(second)).event)
  while (seen.at(-1) !== 'reset')
  expect(seen.length).toBeLessThan(6000)
  await insert(31)
  expect((await nextEvent(second)).change).toMatchObject({ verdict: 'created' })
  await second.return()
})

test('nobody listens whose request was aborted before it was answered', async () => {
  const { signal } = new AbortController()
  const gone = AbortSignal.abort()
  for (const each of [signal, gone]) {
    await served.fetch(new Request('http://127.0.0.1/api/live', { signal: each }))
  }
  const metrics = await served.fetch(new Request('http://127.0.0.1/metrics'))
  expect(await metrics.text()).toContain('onceover_live_listeners 1\n')
})

test('starts anew where it does not know the place to resume at', async () => {
  const stream = messages('elsewhere.7')
  expect(await next(stream)).toMatchObject({ event: 'reset' })
  await stream.return()
})
