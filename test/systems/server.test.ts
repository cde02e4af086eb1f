import { onceover } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Listening } from '../../systems/listen.ts'
import { type Example, furnish, startSystems } from '../../systems/server.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let database: TestDatabase
let server: Listening
let examples: readonly Example[]
let close: () => Promise<void>

beforeAll(async () => {
  database = await testDatabase()
  const once = await onceover({ db: database.pool })
  examples = await furnish({ once, pool: database.pool })
  server = await startSystems({ once, pool: database.pool })
  close = async () => {
    await server.close()
    await once.close()
    await database.drop()
  }
})
afterAll(() => close())

const post = async (path: string, body: unknown) => {
  const answer = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    body: await answer.json(),
  }
}

describe('the server of the systems', () => {
  test('listens on 127.0.0.1 and answers each system under its own path', async () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const once = []
    const again = []
    for (const { path, body } of examples) once.push((await post(path, body)).status)
    for (const { path, body } of examples) again.push((await post(path, body)).status)
    expect(examples.map(({ path }) => path.split('/')[1])).toEqual([
      'reports',
      'lessons',
      'job-batches',
      'class-sessions',
      'snapshots',
    ])
    expect(once).toEqual([201, 207, 201, 200, 200])
    expect(again).toEqual([200, 207, 409, 200, 200])
  })

  test('answers errors as problem+json', async () => {
    const answer = await post('/lessons/requests', { groups: 1 })
    expect(answer).toMatchObject({
      status: 400,
      type: 'application/problem+json',
      body: { status: 400, code: 'INPUT_INVALID' },
    })
    expect((await fetch(`${server.url}/nothing`)).status).toBe(404)
  })

  test('refuses a name that is not its own, as a rebound one would be', async () => {
    const { get } = await import('node:http')
    const status = await new Promise((resolve) => {
      const options = { headers: { host: 'example.com' } }
      get(`${server.url}/lessons/requests/x`, options, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
    })
    expect(status).toBe(421)
  })
})
