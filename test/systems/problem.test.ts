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
  return { status: answer.status, body: await answer.json() }
}

test('an error of the library keeps its code, its fix and its details', async () => {
  const details = { guard: 'lessons' }
  expect(
    await answerTo(new OnceoverError('GUARD_NOT_ENFORCED', { message: 'No.', details })),
  ).toEqual({
    status: 503,
    body: {
      type: 'about:blank#GUARD_NOT_ENFORCED',
      title: 'guard not enforced',
      status: 503,
      detail: 'No.',
      code: 'GUARD_NOT_ENFORCED',
      fix: 'Run `onceover enforce` (or once.enforce(guard)) first.',
      details,
    },
  })
})

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
