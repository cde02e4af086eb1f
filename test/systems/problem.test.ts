import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { OnceoverError } from 'onceover'
import { expect, test, vi } from 'vitest'
import { problem } from '../../systems/problem.ts'

const answerTo = async (error: Error) => {
  const app = new Hono()
    .get('/', () => {
      throw error
    })
    .onError((thrown, context) => problem(context, thrown))
  const answer = await app.request('/')
  const retryAfter = answer.headers.get('retry-after')
  return { status: answer.status, retryAfter, body: (await answer.json()) as { code?: string } }
}

const secret = { message: 'At postgres://h/d.', details: { target: 'postgres://h/d', sql: 'x' } }

test.each([
  ['INPUT_INVALID', 400],
  ['ALLOW_NEEDS_REASON', 400],
  ['ROWS_REJECTED', 409],
] as const)('%s is about the request: %i keeps message, fix and details', async (code, status) => {
  const details = { guard: 'lessons' }
  const error = new OnceoverError(code, { message: 'No.', fix: 'Ask otherwise.', details })
  expect(await answerTo(error)).toMatchObject({
    status,
    body: {
      type: `about:blank#${code}`,
      title: code.toLowerCase().replaceAll('_', ' '),
      status,
      detail: 'No.',
      code,
      fix: 'Ask otherwise.',
      details,
    },
  })
})

test.each([
  'GUARD_NOT_ENFORCED',
  'DATABASE_UNREACHABLE',
  'DATABASE_SILENT',
  'DATABASE_MISSING',
  'CONNECTION_LOST',
  'POOL_EXHAUSTED',
  'TIMEOUT',
  'TRANSACTION_CONFLICT',
  'COMMIT_UNKNOWN',
] as const)('%s passes: 503 says when to come again, and nothing of the database', async (code) => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const error = new OnceoverError(code, secret)
  const { status, body, retryAfter } = await answerTo(error)
  expect({ status, retryAfter, code: body.code }).toEqual({ status: 503, retryAfter: '1', code })
  expect(JSON.stringify(body)).not.toMatch(/postgres|details|fix/)
  expect(said).toHaveBeenCalledWith(error)
  said.mockRestore()
})

test.each(['QUERY_FAILED', 'PERMISSION_DENIED', 'DUPLICATES_EXIST'] as const)(
  '%s is a fault of ours: a bare 500',
  async (code) => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const error = new OnceoverError(code, secret)
    const { status, body } = await answerTo(error)
    expect({ status, code: body.code }).toEqual({ status: 500, code: 'INTERNAL' })
    expect(JSON.stringify(body)).not.toMatch(/postgres|details|fix/)
    expect(said).toHaveBeenCalledWith(error)
    said.mockRestore()
  },
)

test('a refusal keeps its status', async () => {
  expect(await answerTo(new HTTPException(404, { message: 'Not here.' }))).toMatchObject({
    status: 404,
    body: { detail: 'Not here.' },
  })
})

test('what nobody foresaw is a bare 500; its text goes to stderr', async () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const error = new Error('password=secret')
  const { status, body } = await answerTo(error)
  expect(status).toBe(500)
  expect(JSON.stringify(body)).not.toContain('secret')
  expect(said).toHaveBeenCalledWith(error)
  said.mockRestore()
})
