import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isInstalled } from '../../scripts/install.mjs'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'install-test-'))
  await mkdir(join(root, 'node_modules'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function given(wanted: object, present: object): Promise<boolean> {
  const write = (file: string, packages: object) =>
    writeFile(join(root, file), JSON.stringify({ packages }))
  await write('package-lock.json', { '': {}, ...wanted })
  await write('node_modules/.package-lock.json', present)
  return isInstalled(root)
}

test('no node_modules is not installed', async () => {
  await writeFile(join(root, 'package-lock.json'), '{ "packages": {} }')
  expect(isInstalled(root)).toBe(false)
})

test('the locked versions are installed', async () => {
  const packages = { 'node_modules/a': { version: '1.0.0' } }
  expect(await given(packages, packages)).toBe(true)
})

test('another version is not', async () => {
  const wanted = { 'node_modules/a': { version: '1.0.1' } }
  expect(await given(wanted, { 'node_modules/a': { version: '1.0.0' } })).toBe(false)
})

test('a missing package is not, unless it is optional', async () => {
  expect(await given({ 'node_modules/a': { version: '1.0.0' } }, {})).toBe(false)
  expect(await given({ 'node_modules/a': { version: '1.0.0', optional: true } }, {})).toBe(true)
})

test('packages of another operating system are not', async () => {
  const packages = { 'node_modules/a': { version: '1.0.0', optional: true, os: ['plan9'] } }
  expect(await given(packages, packages)).toBe(false)
})
