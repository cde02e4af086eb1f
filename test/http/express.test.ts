import type { AddressInfo } from 'node:net'
import express, { type ErrorRequestHandler } from 'express'
import { duplicates } from 'onceover/express'
import { afterAll, beforeAll, expect, test } from 'vitest'
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

const passed: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) return next(error)
  response.status(418).send(`other: ${error.message}`)
}

async function post(work: (response: express.Response) => unknown) {
  const app = express()
  app.post('/', async (_request, response) => {
    response.json((await work(response)) ?? {})
  })
  app.use(duplicates({ once: db.once, guards: [lessons] }))
  app.use(passed)
  const server = app.listen(0, '127.0.0.1')
  try {
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST' })
    const type = answer.headers.get('content-type')
    return { status: answer.status, type, text: await answer.text() }
  } finally {
    server.close()
  }
}

test('a duplicate is a 409 with the row, the cause and the fix', async () => {
  const created_at = '2025-09-01T08:00:00Z'
  await insertRaw(db.pool, [lesson('08:00', { created_at })])
  const { status, type, text } = await post(() => insertRaw(db.pool, [lesson('08:00')]))
  expect({ status, type }).toEqual({ status: 409, type: 'application/problem+json' })
  expect(JSON.parse(text)).toMatchObject({
    code: 'DUPLICATE_KEY',
    existing: { id: '1' },
    cause: 'retry_of_done_work',
  })
  expect(text).not.toMatch(/lessons|INSERT|127\.0\.0\.1|postgres/i)
})

test('an answer and any other error pass through', async () => {
  expect(await post(() => ({ made: true }))).toMatchObject({ status: 200, text: '{"made":true}' })
  expect(await post(() => Promise.reject(new Error('no words')))).toMatchObject({
    status: 418,
    text: 'other: no words',
  })
})

test('an answer that has begun is left to whoever began it', async () => {
  await insertRaw(db.pool, [lesson('09:00')])
  await expect(
    post(async (response) => {
      response.write('half')
      await insertRaw(db.pool, [lesson('09:00')])
    }),
  ).rejects.toThrow()
})
