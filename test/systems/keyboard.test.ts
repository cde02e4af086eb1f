import { PassThrough } from 'node:stream'
import type { ReadStream } from 'node:tty'
import { expect, test, vi } from 'vitest'
import { readKeys } from '../../systems/keyboard.ts'

const modes: boolean[] = []

const inputOf = (isTTY: boolean) =>
  Object.assign(new PassThrough(), {
    isTTY,
    setRawMode: (mode: boolean) => modes.push(mode),
  }) as unknown as ReadStream & PassThrough

const heard = async (isTTY: boolean, texts: readonly string[]) => {
  const input = inputOf(isTTY)
  const keys: string[] = []
  const release = readKeys(input, (key) => keys.push(key))
  for (const text of texts) {
    input.write(text)
    // Each is read on its own, as it is typed.
    await vi.waitFor(() => expect(input.readableLength).toBe(0))
  }
  await new Promise(setImmediate)
  release()
  return keys
}

test('a terminal tells of each key, of Ctrl-C and Ctrl-D as q, and of no arrow', async () => {
  expect(await heard(true, ['k', 'R', '\u001b[A', 'fu'])).toEqual(['k', 'r', 'f', 'u'])
  expect(await heard(true, ['\u0003', '\u0004'])).toEqual(['q', 'q'])
  expect(modes).toEqual([true, false, true, false])
})

test('another input tells of the first character of each line', async () => {
  expect(await heard(false, ['k\n', '\n', '  Undo\nq\n'])).toEqual(['k', 'u', 'q'])
})
