import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findConfig, readConfig } from '../../src/cli/config.ts'

let root: string

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'onceover config ')))
})
afterEach(() => rm(root, { recursive: true }))

const put = async (name: string, content: string): Promise<string> => {
  const path = join(root, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
  return path
}

const GUARD = `guard('visits', { table: 'visits', key: { day: date() } })`
const IMPORT = `import { date, guard } from 'onceover'\n`
const read = (path?: string, cwd = root) => readConfig(path, undefined, cwd)

describe('a configuration', () => {
  test.each([
    ['onceover.config.ts', `const db: string = 'postgres://h/d'; export default { db } as const`],
    ['onceover.config.js', `module.exports = { db: 'postgres://h/d' }`],
    ['onceover.config.js', `export default { db: 'postgres://h/d' }`],
    ['onceover.config.mjs', `export default { db: 'postgres://h/d', guards: [] }`],
    ['onceover.config.mjs', `export const other = 1; export default { db: 'postgres://h/d' }`],
  ])('is read from %s', async (name, content) => {
    await put(name, content)
    expect(await read()).toEqual({
      file: name,
      db: 'postgres://h/d',
      guards: [],
      generators: [],
      server: {},
    })
  })

  test('says of the server what belongs to the application', async () => {
    const server = "{ redact: ['day'], environment: 'staging' }"
    await put('onceover.config.mjs', `export default { server: ${server} }`)
    expect(await read()).toMatchObject({ server: { redact: ['day'], environment: 'staging' } })
  })

  test('is found in the directories above, the nearest first', async () => {
    const above = await put('onceover.config.mjs', 'export default {}')
    await put('a/b/other.txt', '')
    expect(findConfig(join(root, 'a', 'b'))).toBe(above)
    const nearer = await put('a/onceover.config.js', 'module.exports = {}')
    expect(findConfig(join(root, 'a', 'b'))).toBe(nearer)
    const typed = await put('a/onceover.config.ts', 'export default {}')
    expect(findConfig(join(root, 'a', 'b'))).toBe(typed)
    expect((await read(undefined, join(root, 'a', 'b'))).file).toBe(
      join('..', 'onceover.config.ts'),
    )
  })

  test('is no directory', async () => {
    await put('deep/onceover.config.ts', 'export default {}')
    await expect(read('deep')).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      message: expect.stringContaining('is a directory'),
    })
  })

  test('may be named, and needs no special name then', async () => {
    await put('onceover.config.ts', 'throw new Error("the wrong one")')
    await put('deep/mine.ts', `export default { db: 'postgres://h/mine' }`)
    expect(await read('deep/mine.ts')).toMatchObject({ db: 'postgres://h/mine' })
  })

  test('imports onceover where it is not installed, and other files of its own', async () => {
    await put('guards.ts', `${IMPORT}export const visits = ${GUARD}`)
    await put(
      'onceover.config.ts',
      `import * as guards from './guards.ts'\nexport default { guards }`,
    )
    const { guards, db } = await read()
    expect(db).toBeUndefined()
    expect(guards).toMatchObject([{ name: 'visits', table: 'visits' }])
  })

  test.each([
    ['a list, called as their guards are', '[monthly]', 'visits'],
    ['an object, called as its properties are', '{ monthly }', 'monthly'],
  ])('has its generators in %s', async (_, generators, name) => {
    await put(
      'onceover.config.ts',
      `import { date, generator, guard } from 'onceover'
       const monthly = generator(${GUARD}, { save: () => {} })
       export default { generators: ${generators} }`,
    )
    expect((await read()).generators).toMatchObject([
      { name, generator: { guard: { name: 'visits' } } },
    ])
  })

  test('takes an object with query as its database', async () => {
    await put('onceover.config.mjs', 'export default { db: { query: async () => ({ rows: [] }) } }')
    expect(await read()).toMatchObject({ db: { query: expect.any(Function) } })
  })
})

describe('is refused', () => {
  test('with CONFIG_NOT_FOUND where there is none, or none of that name', async () => {
    await expect(read()).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND', exitCode: 64 })
    await expect(read('none.ts')).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      message: `There is no file ${join(root, 'none.ts')}.`,
    })
  })

  test.each([
    ['it throws', `throw new Error('boom')`, 'cannot be loaded'],
    ['it does not parse', 'export default {', 'cannot be loaded'],
    ['an import is missing', `import './none.ts'`, 'cannot be loaded'],
    ['it exports a text', `export default 'postgres://h/d'`, 'no default export'],
    ['it exports null', 'export default null', 'onceover.config.ts'],
    ['it has a misspelt field', 'export default { guard: [] }', 'exports `guard`'],
    ['server is a text', `export default { server: 'x' }`, '`server`'],
    ['tokens stand in it', 'export default { server: { tokens: [] } }', '`server.tokens`'],
    ['db is a number', 'export default { db: 5432 }', '`db`'],
    ['db is an object without query', 'export default { db: {} }', '`db`'],
    ['guards is a text', `export default { guards: 'visits' }`, '`guards`'],
    ['a guard is not one', `export default { guards: [{ name: 'x' }] }`, 'item 0'],
    ['generators is a text', `export default { generators: 'monthly' }`, '`generators`'],
    ['a generator is not one', 'export default { generators: { a: {} } }', 'item a'],
    [
      'two generators of a list share a name',
      `import { date, generator, guard } from 'onceover'
       const each = generator(${GUARD}, { save: () => {} })
       export default { generators: [each, each] }`,
      'two generators',
    ],
    ['two guards share a name', `${IMPORT}export default { guards: [${GUARD}, ${GUARD}] }`, 'two'],
  ])('with CONFIG_INVALID where %s', async (_, content, words) => {
    await put('onceover.config.ts', content)
    await expect(read()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      exitCode: 64,
      message: expect.stringMatching(/^onceover\.config\.ts /),
    })
    await expect(read()).rejects.toThrow(words)
  })

  test('with the words of guard() where a guard is not well declared', async () => {
    await put('onceover.config.ts', `${IMPORT}export default { guards: [guard('x', {})] }`)
    await expect(read()).rejects.toMatchObject({ code: 'GUARD_INVALID' })
  })
})
