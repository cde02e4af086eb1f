import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, startChild, untilGone } from './child.ts'
import { openWorkshop, type Workshop } from './workshop.ts'

let workshop: Workshop
beforeAll(async () => {
  workshop = await openWorkshop()
})
afterAll(() => workshop.close())

describe('the lock that a killed run leaves behind', () => {
  test('does not stop the next start', async () => {
    const dataDir = join(workshop.path, 'stale')
    const first = await startChild({ ...workshop, options: { dataDir } })
    await ask(first.server.url, 'CREATE TABLE survivor AS SELECT 1 AS one')
    process.kill(first.server.pid, 'SIGKILL')
    await untilGone(first.server.pid)
    await first.stop()
    expect(existsSync(join(dataDir, 'cluster/postmaster.pid'))).toBe(true)
    const second = await startChild({ ...workshop, options: { dataDir } })
    expect(await ask(second.server.url, 'SELECT one FROM survivor')).toEqual({ one: 1 })
    await second.stop()
  })

  test('is stale when its pid now belongs to another program', async () => {
    const dataDir = join(workshop.path, 'reused')
    const first = await startChild({ ...workshop, options: { dataDir } })
    const lock = join(dataDir, 'cluster/postmaster.pid')
    const content = await readFile(lock, 'utf8')
    await first.stop()
    await writeFile(lock, content.replace(/^\d+/, String(process.pid)))
    const second = await startChild({ ...workshop, options: { dataDir } })
    await second.stop()
  })
})
