import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { column, guard, onceover, sql, text, timestamp } from '../../src/index.ts'
import { type Opened, open } from './lessons.ts'

let opened: Opened
beforeAll(async () => {
  opened = await open(`
    CREATE TABLE batch (
      id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text,
      state text DEFAULT 'ACTIVE' CHECK (state <> 'NONSENSE'),
      copy_number int NOT NULL DEFAULT 0);
    CREATE UNIQUE INDEX batch_once ON batch (kind, copy_number) WHERE state = 'ACTIVE';
    CREATE TABLE priced (
      id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, price numeric, at timestamptz, cost money,
      live boolean NOT NULL DEFAULT true, copy smallint NOT NULL DEFAULT 0);
    CREATE UNIQUE INDEX priced_once ON priced (price, at, cost, copy) WHERE live`)
})
afterAll(() => opened.close())
beforeEach(() => opened.query('TRUNCATE batch, priced, onceover.run RESTART IDENTITY'))

const batches = guard('batches', {
  table: 'batch',
  key: { kind: text() },
  where: "state = 'ACTIVE'",
  copies: 'copy_number',
})

const allow = { onDuplicate: 'allow', reason: 'asked twice', actor: 'anna' } as const

const copies = async (kind = 'A') =>
  (await opened.query('SELECT copy_number FROM batch WHERE kind = $1 ORDER BY id', [kind])).map(
    (row) => row.copy_number,
  )

describe('allow', () => {
  test('numbers copies from the first on', async () => {
    const verdicts = []
    for (const kind of ['A', 'A', 'A', 'B']) {
      const made = await opened.once.insert(batches, [{ kind }], allow)
      verdicts.push(made.verdicts[0])
    }
    expect(verdicts).toMatchObject([
      { verdict: 'created', row: { id: 1, copy_number: 0 } },
      { verdict: 'allowed', row: { id: 2, copy_number: 1 }, existing: { id: 1, copy_number: 0 } },
      { verdict: 'allowed', row: { id: 3, copy_number: 2 }, existing: { id: 1, copy_number: 0 } },
      { verdict: 'created', row: { id: 4, copy_number: 0 } },
    ])
  })

  test('records the reason and the actor with the copy', async () => {
    await opened.once.insert(batches, [{ kind: 'A' }])
    const { run } = await opened.once.insert(batches, [{ kind: 'A' }], allow)
    expect(await opened.once.events({ run: String(run) })).toMatchObject([
      { verdict: 'allowed', reason: 'asked twice', actor: 'anna', existing: [{ id: 1 }] },
    ])
    const [stored] = await opened.query('SELECT * FROM onceover.run WHERE id = $1', [run])
    expect(stored).toMatchObject({ policy: 'allow', reason: 'asked twice', allowed: '1' })
  })

  test.each([{ reason: 'x' }, { actor: 'x' }, { reason: ' ', actor: 'x' }, {}])(
    'is refused without a reason and an actor: %j',
    async (options) => {
      const call = opened.once.insert(batches, [{ kind: 'A' }], {
        ...options,
        onDuplicate: 'allow',
      })
      await expect(call).rejects.toMatchObject({ code: 'ALLOW_NEEDS_REASON' })
    },
  )

  test('is refused where the guard has no copy column, and says how to add one', async () => {
    const plain = guard('plain', { table: 'batch', key: { kind: text() } })
    const call = opened.once.insert(plain, [{ kind: 'A' }], allow)
    await expect(call).rejects.toMatchObject({
      code: 'COPIES_NOT_DECLARED',
      fix: expect.stringContaining('ALTER TABLE batch ADD COLUMN'),
    })
  })

  test('sets a collision inside the input aside, as every policy does', async () => {
    const input = [{ kind: 'A' }, { kind: 'A' }, { kind: 'A' }]
    const { totals } = await opened.once.insert(batches, input, allow)
    expect(totals).toMatchObject({ created: 1, collided: 2 })
  })

  test('numbers the copies of a SELECT, with a bad row among them or not', async () => {
    const select = (state: string) => sql`
      SELECT kind, CASE kind WHEN 'B' THEN ${state} ELSE 'ACTIVE' END AS state
      FROM unnest(ARRAY['A', 'B', 'C', 'A']) AS kind`
    await opened.once.insert(batches, [{ kind: 'A' }])
    const first = await opened.once.insert(batches, select('ACTIVE'), allow)
    expect(first.totals).toMatchObject({ allowed: 1, created: 2, collided: 1 })
    const second = await opened.once.insert(batches, select('NONSENSE'), allow)
    expect(second.totals).toMatchObject({ allowed: 2, failed: 1, collided: 1 })
    expect(await copies()).toEqual([0, 1, 2])
  })

  test('makes a row that is no copy where only cancelled ones stand', async () => {
    await opened.query("INSERT INTO batch (kind, state) VALUES ('A', 'DONE')")
    const { verdicts } = await opened.once.insert(batches, [{ kind: 'A' }], allow)
    expect(verdicts).toMatchObject([{ verdict: 'created', row: { copy_number: 0 } }])
  })

  test('gives a row outside `where` no number', async () => {
    await opened.once.insert(batches, [{ kind: 'A' }])
    const done = { kind: 'A', state: 'DONE' }
    const { verdicts } = await opened.once.insert(batches, [done, { kind: 'A' }], allow)
    expect(verdicts).toMatchObject([
      { verdict: 'created', row: { copy_number: 0 } },
      { verdict: 'allowed', row: { copy_number: 1 } },
    ])
  })

  test('refuses a number that the input gives', async () => {
    const input = [{ kind: 'A', copy_number: 7 }]
    const { verdicts } = await opened.once.insert(batches, input, allow)
    expect(verdicts).toMatchObject([{ verdict: 'invalid', reason: /copies are numbered/ as never }])
  })
})

describe('a cancelled original beside a live copy', () => {
  beforeEach(async () => {
    await opened.once.insert(batches, [{ kind: 'A' }])
    await opened.once.insert(batches, [{ kind: 'A' }], allow)
    await opened.query("UPDATE batch SET state = 'CANCELLED' WHERE copy_number = 0")
  })

  test('blocks skip, which names the copy', async () => {
    const { verdicts } = await opened.once.insert(batches, [{ kind: 'A' }])
    expect(verdicts).toMatchObject([{ verdict: 'skipped', existing: { id: 2, copy_number: 1 } }])
  })

  test('blocks reject', async () => {
    const call = opened.once.insert(batches, [{ kind: 'A' }], { onDuplicate: 'reject' })
    await expect(call).rejects.toMatchObject({ code: 'ROWS_REJECTED' })
  })

  test('gives the next copy the next number', async () => {
    const { verdicts } = await opened.once.insert(batches, [{ kind: 'A' }], allow)
    expect(verdicts).toMatchObject([{ verdict: 'allowed', row: { copy_number: 2 } }])
  })

  test('blocks nothing once the copy is cancelled too', async () => {
    await opened.query("UPDATE batch SET state = 'CANCELLED'")
    const { verdicts } = await opened.once.insert(batches, [{ kind: 'A' }])
    expect(verdicts).toMatchObject([{ verdict: 'created', row: { copy_number: 0 } }])
  })
})

describe('at once', () => {
  test('eight allowed copies get eight numbers, however many others write past us', async () => {
    const once = await onceover({ db: opened.db.url })
    const aware = Array.from({ length: 8 }, () => once.insert(batches, [{ kind: 'A' }], allow))
    const unaware = Array.from({ length: 4 }, () =>
      opened.query("INSERT INTO batch (kind) VALUES ('A') ON CONFLICT DO NOTHING"),
    )
    const results = await Promise.all(aware)
    await Promise.all(unaware)
    await once.close()
    const numbers = results.map(({ verdicts }) => Number(verdicts[0]?.row?.copy_number))
    expect(new Set(numbers).size).toBe(8)
    expect(Math.max(...numbers)).toBeLessThanOrEqual(8)
    expect(await copies()).toHaveLength(new Set([0, ...numbers]).size)
  })

  test('an original being written counts, and an input of many keys takes few locks', async () => {
    const kinds = Array.from({ length: 3000 }, (_, place) => ({ kind: `k${place}` }))
    await opened.once.transaction(async (handle) => {
      await opened.once.insert(batches, kinds, { handle })
      const { rows } = await handle.query(
        "SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
      )
      expect(rows[0]?.count).toBeLessThanOrEqual(1024)
      await handle.query("INSERT INTO batch (kind) VALUES ('mine')")
      const { verdicts } = await opened.once.insert(batches, [{ kind: 'mine' }], {
        ...allow,
        handle,
      })
      expect(verdicts).toMatchObject([{ verdict: 'allowed', row: { copy_number: 1 } }])
    })
  })

  test('equal keys that are written differently wait for each other', async () => {
    const prices = guard('prices', {
      table: 'priced',
      key: { price: column(), at: timestamp(), cost: column() },
      where: 'live',
      copies: 'copy',
    })
    const first = { price: '1.0', at: '2025-10-23T20:00:00Z', cost: '1.5' }
    const second = { price: '1.00', at: '2025-10-23T22:00:00+02:00', cost: '$1.50' }
    await opened.once.insert(prices, [first])
    const other = await onceover({ db: opened.db.url })
    let skipping: Promise<unknown> = Promise.resolve()
    await opened.once.transaction(async (handle) => {
      // A copy is on its way while the original goes: nobody may take the key for free.
      await opened.once.insert(prices, [first], { ...allow, handle })
      await opened.query('UPDATE priced SET live = false WHERE copy = 0')
      skipping = other
        .transaction(async (inner) => {
          await inner.query("SET LOCAL TimeZone = 'Asia/Tokyo'")
          return other.insert(prices, [second], { handle: inner })
        })
        .then(({ verdicts }) => verdicts[0]?.verdict)
      await waiting()
    })
    expect(await skipping).toBe('skipped')
    await other.close()
  })
})

/** Resolves when a session of this database waits for an advisory lock. */
async function waiting(): Promise<void> {
  for (;;) {
    const rows = await opened.query(
      "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = " +
        '(SELECT oid FROM pg_database WHERE datname = current_database())',
    )
    if (rows.length > 0) return
  }
}

test('a caller’s REPEATABLE READ is refused: it could not see a copy just committed', async () => {
  const client = await opened.db.pool.connect()
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    const call = opened.once.insert(batches, [{ kind: 'A' }], { handle: client })
    await expect(call).rejects.toMatchObject({ code: 'ISOLATION_TOO_HIGH' })
  } finally {
    await client.query('ROLLBACK')
    client.release()
  }
})
