import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { duplicates } from 'onceover/hono'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  insertRaw,
  type LessonsDatabase,
  lesson,
  lessons,
  lessonsDatabase,
} from '../explain/lessons.ts'

let db: LessonsDatabase
beforeAll(async () => {
  db = await lessonsDatabase()
})
afterAll(() => db.close())
beforeEach(() => db.pool.query('TRUNCATE lessons RESTART IDENTITY'))

const INTERNAL = /lessons|constraint|INSERT|SELECT|127\.0\.0\.1|postgres|teacher/i

const appOf = (work: () => unknown, types?: string) =>
  new Hono()
    .use(duplicates({ once: db.once, guards: [lessons], ...(types && { types }) }))
    .post('/', async (context) => context.json((await work()) ?? {}))
    .onError((error, context) => context.text(`other: ${error.message}`, 418))

const post = async (app: Hono, headers: Record<string, string> = {}) => {
  const answer = await app.request('/', { method: 'POST', headers })
  const text = await answer.text()
  return { status: answer.status, type: answer.headers.get('content-type'), text, answer }
}

describe('a duplicate', () => {
  test('of a raw INSERT is a 409 with the row, the cause and the fix, no internals', async () => {
    await insertRaw(db.pool, [lesson('08:00', { created_at: '2025-09-01T08:00:00Z' })])
    const { status, type, text } = await post(appOf(() => insertRaw(db.pool, [lesson('08:00')])))
    expect({ status, type }).toEqual({ status: 409, type: 'application/problem+json' })
    expect(JSON.parse(text)).toEqual({
      type: 'about:blank#DUPLICATE_KEY',
      title: 'duplicate key',
      status: 409,
      detail: 'This was made before.',
      code: 'DUPLICATE_KEY',
      existing: { id: '1' },
      cause: 'retry_of_done_work',
      fix: 'Nothing to do: use what stands.',
    })
    expect(text).not.toMatch(INTERNAL)
  })

  test('that was made while the request ran is a lost race', async () => {
    const app = appOf(async () => {
      // However the clocks of the test and of the database differ.
      const created_at = new Date(Date.now() + 60_000)
      await insertRaw(db.pool, [lesson('09:00', { created_at })])
      return insertRaw(db.pool, [lesson('09:00')])
    })
    expect(JSON.parse((await post(app)).text)).toMatchObject({ cause: 'lost_race' })
  })

  test('of a rejected input names each row', async () => {
    await db.once.insert(lessons, [lesson('10:00')])
    const rows = [lesson('11:00'), lesson('10:00'), lesson('11:00')]
    const app = appOf(() => db.once.insert(lessons, rows, { onDuplicate: 'reject' }))
    const { status, text } = await post(app)
    expect(status).toBe(409)
    expect(JSON.parse(text)).toMatchObject({
      code: 'ROWS_REJECTED',
      detail: '2 rows have a key that is taken or stands twice, so nothing was written.',
      rows: [
        { index: 1, verdict: 'skipped', existing: { id: 1 } },
        { index: 2, verdict: 'collided', firstIndex: 0 },
      ],
    })
    expect(text).not.toMatch(INTERNAL)
  })

  test('of a rejected input tells the primary key of what stands, nothing else', async () => {
    const row = lesson('10:30', { note: 'secret' })
    await db.once.insert(lessons, [row])
    const works = [
      () => db.once.insertOne(lessons, row, { onDuplicate: 'reject' }),
      () => db.once.insert(lessons, [row], { onDuplicate: 'reject' }),
    ]
    for (const work of works) {
      const { status, text } = await post(appOf(work))
      expect(status).toBe(409)
      expect(JSON.parse(text)).toMatchObject({ existing: { id: '1' } })
      expect(JSON.parse(text).rows).toEqual([
        { index: 0, verdict: 'skipped', existing: { id: expect.anything() } },
      ])
      expect(text).not.toMatch(/secret|note|created_at/)
    }
  })

  test('names no row where the application keeps that to itself', async () => {
    await db.once.insert(lessons, [lesson('10:45')])
    const works = [
      () => insertRaw(db.pool, [lesson('10:45')]),
      () => db.once.insert(lessons, [lesson('10:45')], { onDuplicate: 'reject' }),
    ]
    for (const work of works) {
      const app = new Hono()
        .use(duplicates({ once: db.once, guards: [lessons], existing: false }))
        .post('/', async (context) => context.json((await work()) ?? {}))
        .onError((_, context) => context.text('handled', 500))
      const { status, text } = await post(app)
      expect(status).toBe(409)
      expect(text).not.toContain('"existing"')
    }
  })

  test('has a type of the application where one is given', async () => {
    await insertRaw(db.pool, [lesson('12:00')])
    const app = appOf(() => insertRaw(db.pool, [lesson('12:00')]), 'https://example.com/errors#')
    expect(JSON.parse((await post(app)).text)).toMatchObject({
      type: 'https://example.com/errors#DUPLICATE_KEY',
    })
  })

  test('in a part of the application with its own error handler is answered too', async () => {
    await insertRaw(db.pool, [lesson('13:00')])
    const part = new Hono()
      .post('/', async (context) => {
        await insertRaw(db.pool, [lesson('13:00')])
        return context.json({})
      })
      .onError((_, context) => context.text('broken', 500))
    const app = new Hono().use(duplicates({ once: db.once, guards: [lessons] })).route('/', part)
    expect((await post(app)).status).toBe(409)
  })

  test('is known as answered to a log around it, which sees what failed', async () => {
    const logged: unknown[] = []
    const broken = new Error('broken')
    const app = new Hono()
    app.onError((_, context) => context.text('Internal Server Error', 500))
    app.use(async (context, next) => {
      await next()
      if (context.error && context.res.status >= 500) logged.push(context.error)
    })
    app.use(duplicates({ once: db.once, guards: [lessons] }))
    app.post('/', async (context) => {
      if (context.req.header('broken')) throw broken
      await insertRaw(db.pool, [lesson('13:30')])
      return context.json({})
    })
    const answers = [await post(app), await post(app), await post(app, { broken: 'yes' })]
    expect(answers.map(({ status }) => status)).toEqual([200, 409, 500])
    expect(logged).toEqual([broken])
  })

  test('is still one where nothing explains it', async () => {
    const once = {
      explain: () => Promise.reject(new Error('postgres://secret@host is down')),
    }
    await insertRaw(db.pool, [lesson('14:00')])
    const app = new Hono().use(duplicates({ once })).post('/', async (context) => {
      await insertRaw(db.pool, [lesson('14:00')])
      return context.json({})
    })
    app.onError((_, context) => context.text('broken', 500))
    const { status, text } = await post(app)
    expect(status).toBe(409)
    expect(text).not.toMatch(INTERNAL)
    expect(JSON.parse(text)).not.toHaveProperty('cause')
  })
})

describe('everything else passes through', () => {
  test('an answer', async () => {
    expect(await post(appOf(() => ({ made: true })))).toMatchObject({
      status: 200,
      text: '{"made":true}',
    })
  })

  test.each([
    ['a foreign error', () => new Error('no words')],
    ['an error of another constraint', () => Object.assign(new Error('x'), { code: '23503' })],
    ['a refusal of the application', () => new HTTPException(404, { message: 'gone' })],
    [
      'a refusal that wraps a duplicate',
      () => new HTTPException(422, { message: 'taken', cause: { code: '23505' } }),
    ],
  ])('%s', async (_, error) => {
    const app = appOf(() => Promise.reject(error()))
    expect(await post(app)).toMatchObject({ status: 418, text: expect.stringMatching(/^other: /) })
  })

  test('a column that refuses NULL', async () => {
    const app = appOf(() => insertRaw(db.pool, [lesson('15:00', { day: null })]))
    expect((await post(app)).status).toBe(418)
  })

  test('an input that is rejected for no duplicate', async () => {
    const app = appOf(() =>
      db.once.insert(lessons, [lesson('structured')], { onDuplicate: 'reject' }),
    )
    expect((await post(app)).status).toBe(418)
  })

  test('a raw duplicate, where there is nothing to explain it with', async () => {
    await insertRaw(db.pool, [lesson('16:00')])
    const app = new Hono().use(duplicates({})).post('/', async (context) => {
      await insertRaw(db.pool, [lesson('16:00')])
      return context.json({})
    })
    app.onError((_, context) => context.text('other', 418))
    expect((await post(app)).status).toBe(418)
  })
})
