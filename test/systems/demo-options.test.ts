import { expect, test } from 'vitest'
import { readOptions } from '../../systems/demo-options.ts'

test('--db wins over DATABASE_URL, which wins over the embedded server', () => {
  expect(readOptions(['--db', 'a'], { DATABASE_URL: 'b' }, false).db).toBe('a')
  expect(readOptions([], { DATABASE_URL: 'b' }, false).db).toBe('b')
  expect(readOptions([], { DATABASE_URL: '' }, false).db).toBeUndefined()
})

test('only a terminal is served to, and not where it gets JSON or does not want it', () => {
  expect(readOptions([], {}, true).serve).toBe(true)
  expect(readOptions([], {}, false).serve).toBe(false)
  expect(readOptions(['--json'], {}, true).serve).toBe(false)
  expect(readOptions(['--no-serve'], {}, true).serve).toBe(false)
})

test('--live serves at once, also where no terminal is', () => {
  expect(readOptions(['--live'], {}, false)).toMatchObject({ live: true, serve: true })
  expect(readOptions([], {}, true).live).toBe(false)
})

test.each([
  [['--fast']],
  [['--db']],
  [['--db', '']],
  [['extra']],
  [['--live', '--json']],
  [['--live', '--no-serve']],
])('%j is refused', (args) => {
  expect(() => readOptions(args, {}, false)).toThrow()
})
