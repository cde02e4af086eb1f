import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { guard, type Handle, onceover, text } from '../../src/index.ts'
import { LESSONS, lesson, lessons, type Opened, open } from './lessons.ts'

let opened: Opened
beforeAll(async () => {
  opened = await open(`${LESSONS};
    CREATE TABLE copied (
      id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, live boolean DEFAULT true,
      copy int NOT NULL DEFAULT 0);
    CREATE UNIQUE INDEX copied_once ON copied (name, copy) WHERE live`)
})
afterAll(() => opened.close())
beforeEach(() => opened.query('TRUNCATE lesson, copied, onceover.run RESTART IDENTITY'))

const copied = guard('copied', {
  table: 'copied',
  key: { name: text() },
  where: 'live',
  copies: 'copy',
})

/** Everything that a write would change: the rows, the audit and the sequences. */
const traces = () =>
  opened.query(`SELECT
    (SELECT json_agg(lesson ORDER BY id) FROM lesson) AS lessons,
    (SELECT json_agg(copied ORDER BY id) FROM copied) AS copied,
    (SELECT count(*) FROM onceover.run) AS runs, (SELECT count(*) FROM onceover.event) AS events,
    (SELECT json_agg(last_value) FROM pg_sequences) AS sequences`)

/** Runs `work` in a transaction, and expects that nothing in it wrote: a write needs an xid. */
const withoutWriting = <T>(work: (handle: Handle) => Promise<T>): Promise<T> =>
  opened.once.transaction(async (handle) => {
    const result = await work(handle)
    const { rows } = await handle.query('SELECT pg_current_xact_id_if_assigned()::text AS xid')
    expect(rows).toEqual([{ xid: null }])
    return result
  })

describe('preview', () => {
  test.each(['skip', 'reject', 'replace'] as const)('with %s writes nothing', async (policy) => {
    await opened.once.insert(lessons, [lesson(1)])
    const before = await traces()
    const input = [
      lesson(1),
      lesson(2),
      lesson(2),
      lesson(3, { seats: 'x' }),
      { ...lesson(4), day: 1 },
    ]
    const { totals, verdicts, run } = await withoutWriting((handle) =>
      opened.once.preview(lessons, input as never, { onDuplicate: policy, handle }),
    )
    expect(await traces()).toEqual(before)
    expect(run).toBeUndefined()
    expect(verdicts).toMatchObject([
      { verdict: policy === 'replace' ? 'replaced' : 'skipped', existing: { id: 1, seats: 20 } },
      { verdict: 'created', key: { teacher: 2 } },
      { verdict: 'collided', firstIndex: 1 },
      { verdict: 'invalid', sqlstate: '22P02' },
      { verdict: 'invalid', reason: expect.stringContaining('day: ') },
    ])
    expect(totals).toMatchObject({ rows: 5, created: 1, collided: 1, invalid: 2 })
  })

  test('with allow writes nothing and locks nothing', async () => {
    await opened.once.insert(copied, [{ name: 'a' }])
    const before = await traces()
    await withoutWriting(async (handle) => {
      const { verdicts } = await opened.once.preview(copied, [{ name: 'a' }, { name: 'b' }], {
        onDuplicate: 'allow',
        reason: 'x',
        actor: 'y',
        handle,
      })
      expect(verdicts).toMatchObject([
        { verdict: 'allowed', existing: { id: 1, copy: 0 } },
        { verdict: 'created' },
      ])
      const locks = await handle.query(
        "SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
      )
      expect(locks.rows).toEqual([])
    })
    expect(await traces()).toEqual(before)
  })

  test('works without our schema, and on a role that may only read', async () => {
    const bare = await open(LESSONS, { migrated: false })
    const role = `previewer_${process.pid}`
    await bare.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT SELECT ON lesson TO ${role}`)
    const url = new URL(bare.db.url)
    url.username = role
    url.password = 'x'
    const once = await onceover({ db: url.href })
    const { totals } = await once.preview(lessons, [lesson(1)])
    expect(totals.created).toBe(1)
    await once.close()
    await bare.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    await bare.close()
  })

  test('checks its options as insert does', async () => {
    const preview = (options: object) =>
      opened.once.preview(lessons, [lesson(1)], options as never).catch(({ code }) => code)
    expect(await preview({ onDuplicate: 'allow' })).toBe('COPIES_NOT_DECLARED')
    expect(await preview({ onDuplicate: 'no' })).toBe('INPUT_INVALID')
    expect(await preview({ handle: opened.db.pool })).toBe('HANDLE_INVALID')
    expect(await opened.once.preview(lessons, 'x' as never).catch(({ code }) => code)).toBe(
      'INPUT_INVALID',
    )
  })
})

const arbitraryRow = fc.record(
  {
    teacher: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 0, max: 5 }) },
      { weight: 1, arbitrary: fc.constantFrom(null, 'x', 2 ** 40) },
    ),
    day: fc.constantFrom('2025-10-23', '2025-10-24', '2025-02-29'),
    slot: fc.constantFrom('10:20', '11:20'),
    seats: fc.constantFrom(5, 6, 'many'),
    cancelled: fc.boolean(),
  },
  { requiredKeys: ['teacher', 'day', 'slot'] },
)

test('preview says what insert then does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(arbitraryRow, { maxLength: 8 }),
      fc.array(arbitraryRow, { maxLength: 12 }),
      fc.constantFrom('skip' as const, 'replace' as const),
      async (standing, input, onDuplicate) => {
        await opened.query('TRUNCATE lesson')
        await opened.once.insert(lessons, standing as never)
        const said = await opened.once.preview(lessons, input as never, { onDuplicate })
        const done = await opened.once.insert(lessons, input as never, { onDuplicate })
        expect(said.totals).toEqual(done.totals)
        expect(said.verdicts).toEqual(done.verdicts.map(({ row: _, ...verdict }) => verdict))
      },
    ),
    { numRuns: 60 },
  )
})

const arbitraryCopy = fc.record(
  { name: fc.constantFrom('a', 'b', 'c'), live: fc.boolean() },
  { requiredKeys: ['name'] },
)

test('preview says what insert then does where copies are allowed', async () => {
  const policies = fc.constantFrom('skip' as const, 'allow' as const)
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(policies, fc.array(arbitraryCopy, { maxLength: 6 })), { maxLength: 4 }),
      async (calls) => {
        await opened.query('TRUNCATE copied')
        for (const [onDuplicate, input] of calls) {
          const options = { onDuplicate, reason: 'x', actor: 'y' }
          const said = await opened.once.preview(copied, input, options)
          const done = await opened.once.insert(copied, input, options)
          expect(said.verdicts).toEqual(done.verdicts.map(({ row: _, ...verdict }) => verdict))
        }
      },
    ),
    { numRuns: 30 },
  )
})
