import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { progressOn } from '../../systems/progress.ts'

const written = (
  shape: { readonly isTTY: boolean; readonly columns?: number },
  environment: NodeJS.ProcessEnv = {},
) => {
  const stream = Object.assign(new PassThrough(), shape) as unknown as NodeJS.WriteStream
  const { status, say, clear } = progressOn(stream, environment)
  status('first')
  status('a second that is long')
  say('stays')
  clear()
  return String((stream as unknown as PassThrough).read())
}

test('at a terminal a status takes the place of the last one, cut to one line', () => {
  expect(written({ isTTY: true, columns: 11 })).toBe('first\r\u001b[Ka second t\r\u001b[Kstays\n')
})

test('elsewhere every status stays as a line, without control characters', () => {
  const plain = 'first\na second that is long\nstays\n'
  expect(written({ isTTY: false })).toBe(plain)
  expect(written({ isTTY: true }, { TERM: 'dumb' })).toBe(plain)
})
