import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, startChild, until, untilGone } from './child.ts'
import { openWorkshop, type Workshop } from './workshop.ts'

let workshop: Workshop
beforeAll(async () => {
  workshop = await openWorkshop()
})
afterAll(() => workshop.close())

describe('a server stops with the process that started it', () => {
  const endings = ['SIGKILL', 'SIGINT', 'SIGTERM'] as const
  test.each(endings)('when that is ended by %s', async (signal) => {
    const child = await startChild(workshop)
    child.process.kill(signal)
    await untilGone(child.server.pid)
    await until(() => !existsSync(child.server.dataDir))
  })

  test('when that has nothing left to do', async () => {
    const child = await startChild({ ...workshop, options: { thenExit: true } })
    await untilGone(child.server.pid)
    await until(() => !existsSync(child.server.dataDir))
  })

  test('when a session is in the middle of a statement', async () => {
    const child = await startChild(workshop)
    const sleeping = expect(ask(child.server.url, 'SELECT pg_sleep(3600)')).rejects.toThrow()
    await until(async () => {
      const running = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%3600%'"
      return (await ask(child.server.url, `${running} AND pid <> pg_backend_pid()`)).n === 1
    })
    child.process.kill('SIGKILL')
    await sleeping
    await untilGone(child.server.pid)
  })

  test('cleanly, so that the next one has nothing to recover', async () => {
    const dataDir = join(workshop.path, 'interrupted')
    const child = await startChild({ ...workshop, options: { dataDir } })
    child.process.kill('SIGINT')
    await untilGone(child.server.pid)
    const log = await readFile(join(dataDir, 'server.log'), 'utf8')
    expect(log).toContain('database system is shut down')
  })
})
