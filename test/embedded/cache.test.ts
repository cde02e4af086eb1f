import { existsSync } from 'node:fs'
import { chmod, lstat, mkdir, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { cachedCopy } from '../../src/embedded/cache.ts'
import { publicDirectory } from './installation.ts'

const uid = process.getuid?.() ?? 0
const NAME = `onceover-postgres-1-${uid}`
const directories: { path: string; remove(): Promise<void> }[] = []
let root: string
let source: string

beforeEach(async () => {
  const directory = await publicDirectory()
  directories.push(directory)
  root = directory.path
  source = join(root, 'native')
  await mkdir(join(source, 'bin'), { recursive: true })
  await mkdir(join(source, 'lib'))
  await writeFile(join(source, 'bin/postgres'), 'the server', { mode: 0o600 })
  await writeFile(join(source, 'lib/libpq.so.5.18'), 'the library', { mode: 0o600 })
  const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }]
  await writeFile(join(source, 'pg-symlinks.json'), JSON.stringify(links))
})
afterAll(() => Promise.all(directories.map((directory) => directory.remove())))

test('a copy is readable by all, whatever the umask, and has its links', async () => {
  const umask = process.umask(0o077)
  const copy = await cachedCopy(source, root, '1').finally(() => process.umask(umask))
  expect(copy).toBe(join(root, NAME))
  expect((await lstat(copy)).mode & 0o777).toBe(0o755)
  expect((await lstat(join(copy, 'bin/postgres'))).mode & 0o777).toBe(0o755)
  expect((await lstat(join(copy, 'lib/libpq.so.5.18'))).mode & 0o777).toBe(0o644)
  expect(await readlink(join(copy, 'lib/libpq.so.5'))).toBe('libpq.so.5.18')
})

test('a second start uses the copy of the first', async () => {
  const copy = await cachedCopy(source, root, '1')
  const before = await lstat(copy)
  expect(await cachedCopy(source, root, '1')).toBe(copy)
  expect((await lstat(copy)).ino).toBe(before.ino)
})

test('starts at the same time agree on one copy and leave nothing else', async () => {
  const copies = await Promise.all(Array.from({ length: 8 }, () => cachedCopy(source, root, '1')))
  expect(new Set(copies)).toEqual(new Set([join(root, NAME)]))
  expect((await readdir(root)).sort()).toEqual(['native', NAME])
})

test('a copy from which files were cleaned away is made again', async () => {
  const copy = await cachedCopy(source, root, '1')
  await rm(join(copy, 'lib/libpq.so.5.18'))
  expect(await cachedCopy(source, root, '1')).toBe(copy)
  expect(await readFile(join(copy, 'lib/libpq.so.5.18'), 'utf8')).toBe('the library')
})

test('a directory that others may write to is not trusted', async () => {
  const planted = join(root, NAME)
  await mkdir(join(planted, 'bin'), { recursive: true })
  await writeFile(join(planted, 'bin/postgres'), 'a trap')
  await chmod(planted, 0o777)
  const copy = await cachedCopy(source, root, '1')
  expect(copy).toBe(`${planted}.1`)
  expect(await readFile(join(copy, 'bin/postgres'), 'utf8')).toBe('the server')
})

test.runIf(uid === 0)('a directory of another user is not trusted', async () => {
  const planted = await cachedCopy(source, root, '1')
  const { chown } = await import('node:fs/promises')
  await chown(planted, 65534, 65534)
  expect(await cachedCopy(source, root, '1')).toBe(`${planted}.1`)
})

test('a half-made copy of a process that is gone is removed', async () => {
  const copy = await cachedCopy(source, root, '1')
  const [namespace] = /\d+/.exec(await readlink('/proc/self/ns/pid').catch(() => '0')) ?? ['0']
  const half = `${copy}.new-${namespace}-999999999-abcdef`
  await mkdir(half)
  await cachedCopy(source, root, '1')
  expect(existsSync(half)).toBe(false)
})
