import type { ChildProcess } from 'node:child_process'
import { once as event } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Ended, ended } from '../installed.ts'
import { openReports, type Reports, records } from './reports.ts'

let reports: Reports

beforeAll(async () => {
  reports = await openReports()
})
afterAll(() => reports.close())
beforeEach(() => reports.empty())

const TOKEN = 'k'.repeat(40)
const READ_TOKEN = 'r'.repeat(40)

interface Serving {
  readonly child: ChildProcess
  readonly first: string
  readonly end: Promise<Ended>
}

/** Starts it and waits for its first line, or its end. */
async function serve(args: readonly string[], env?: Record<string, string>): Promise<Serving> {
  const words = ['serve', '--db', reports.db.url, '--port', '0', ...args]
  const child = reports.project.start(words, env)
  const end = ended(child)
  const lines = createInterface({ input: child.stdout ?? process.stdin })
  const first = await Promise.race([event(lines, 'line'), end.then(() => [''])])
  return { child, first: String(first[0]), end }
}

async function stop({ child, end }: Serving): Promise<Ended> {
  child.kill('SIGTERM')
  return end
}

/** Tells it to end, and waits until it says that it will. */
async function interrupt({ child }: Serving): Promise<void> {
  const heard = new Promise<void>((resolve) => {
    child.stderr?.on('data', (text: string) => text.includes('Stopping') && resolve())
  })
  child.kill('SIGINT')
  await heard
}

const RANGE = { from: '2025-10-01', to: '2025-10-31' }

const get = (url: string, token?: string) =>
  fetch(url, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })

const post = (url: string, body: object, token?: string) =>
  fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  })

const problem = { status: 403, code: 'WRITE_REFUSED' }

test('prints its address first, is read-only, and ends in order at a signal', async () => {
  const serving = await serve([])
  expect(serving.first).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
  expect(await (await get(`${serving.first}api`)).json()).toMatchObject({ write: false })
  const cancel = await post(`${serving.first}api/runs/x/cancel`, {})
  expect(await cancel.json()).toMatchObject(problem)
  const { code, stderr } = await stop(serving)
  expect(code).toBe(0)
  expect(stderr).toMatch(/^on postgres:\/\/[^:]+@\S+; read-only/)
  expect(stderr).not.toContain(reports.db.url)
})

test('says as JSON where it is, and starts where no database answers', async () => {
  const args = ['--json', '--write', '--environment', 'staging', '--base-path', '/ops']
  const serving = await serve([...args, '--db', 'postgres://nobody:secret@127.0.0.1:1/none'])
  const [{ url, write, target }] = records(serving.first) as [Record<string, string>]
  expect({ url, write, target }).toEqual({
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/ops\/$/),
    write: true,
    target: expect.not.stringContaining('secret'),
  })
  const ready = await get(`${url}readyz`)
  expect(await ready.json()).toMatchObject({ status: 503, code: 'DATABASE_UNREACHABLE' })
  expect((await stop(serving)).code).toBe(0)
})

test('asks for the tokens of the environment and of a file', async () => {
  const file = join(reports.project.directory, 'tokens')
  await writeFile(file, `# people\n\n${'f'.repeat(40)} ana\n`)
  await chmod(file, 0o644)
  const env = { ONCEOVER_TOKEN: TOKEN, ONCEOVER_READ_TOKEN: READ_TOKEN }
  const serving = await serve(['--write', '--token-file', file], env)
  const who = async (token?: string) => {
    const told: unknown = await (await get(`${serving.first}api`, token)).json()
    return told
  }
  expect(await who()).toMatchObject({ status: 401 })
  expect(await who(TOKEN)).toMatchObject({ actor: 'operator', write: true })
  expect(await who(READ_TOKEN)).toMatchObject({ actor: 'reader', write: false })
  expect(await who('f'.repeat(40))).toMatchObject({ actor: 'ana', write: true })
  const { stderr } = await stop(serving)
  expect(stderr).toContain('chmod 600')
  expect(stderr).not.toMatch(/k{40}|r{40}|f{40}/)
})

test('a run that it started is stopped, and its keys are given back', async () => {
  const serving = await serve(['--write'], { GATE: reports.gate })
  const started = await post(`${serving.first}api/guards/reports/run`, {
    range: RANGE,
    reason: 'missing',
  })
  expect(started.status).toBe(202)
  await expect.poll(() => reports.count('onceover.claim')).toBeGreaterThan(0)
  await interrupt(serving)
  await writeFile(reports.gate, '')
  expect((await serving.end).code).toBe(0)
  const { rows } = await reports.db.pool.query('SELECT state FROM onceover.run')
  expect(rows).toEqual([{ state: 'stopped' }])
  expect(await reports.count("onceover.claim WHERE state = 'claimed'")).toBe(0)
  expect(await reports.count('onceover.lease WHERE NOT dead')).toBe(0)
})

test('a second signal ends it at once', async () => {
  const serving = await serve(['--write'], { GATE: reports.gate })
  await post(`${serving.first}api/guards/reports/run`, { range: RANGE, reason: 'missing' })
  await expect.poll(() => reports.count('onceover.claim')).toBeGreaterThan(0)
  await interrupt(serving)
  serving.child.kill('SIGINT')
  expect((await serving.end).code).toBe(130)
})

test('refuses an address that others reach without tokens, and a port that is taken', async () => {
  const open = await serve(['--host', '0.0.0.0'])
  const refused = await open.end
  expect(refused).toMatchObject({ code: 64, stdout: '' })
  expect(refused.stderr).toMatch(/SERVER_INVALID[\s\S]*--token-file/)
  const other = createServer().listen(0, '127.0.0.1')
  await event(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' ? String(address?.port) : ''
  const taken = await (await serve(['--port', port])).end
  other.close()
  expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining('LISTEN_FAILED') })
})
