import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readUnits, reasonAtLine } from '../../src/cli/units.ts'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'onceover units '))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

async function read(content: string, streamed = true) {
  const file = join(directory, 'units.json')
  await writeFile(file, content)
  const { units, lineOf } = await readUnits(file, streamed)
  const all: unknown[] = []
  for await (const unit of units) all.push(unit)
  return { all, lines: all.map((_, index) => lineOf(index)) }
}

test('empty lines are counted as lines, and are no units', async () => {
  const { all, lines } = await read('1\n\n2\n3\n \n\n4\n')
  expect({ all, lines }).toEqual({ all: [1, 2, 3, 4], lines: [1, 3, 4, 7] })
})

test('of an endless stream only the lines of late are kept; of a list, all', async () => {
  const content = Array.from({ length: 30_000 }, (_, index) => `${index}\n\n`).join('')
  const streamed = await read(content)
  expect([streamed.lines[0], streamed.lines[29_999]]).toEqual([undefined, 59_999])
  const { lines } = await read(content, false)
  expect([lines[0], lines[29_999]]).toEqual([1, 59_999])
})

test('units of an array have no lines', async () => {
  expect(await read('[1,\n2]')).toEqual({ all: [1, 2], lines: [undefined, undefined] })
})

test('a line that is no JSON is wrong usage only where nothing was made before it', async () => {
  const code = (name: string) => expect.objectContaining({ code: name })
  await expect(read('oops')).rejects.toEqual(code('USAGE'))
  await expect(read('[1,\n')).rejects.toEqual(code('USAGE'))
  await expect(read('1\noops', false)).rejects.toEqual(code('USAGE'))
  await expect(read('1\n\n2\noops')).rejects.toMatchObject({
    code: 'SOURCE_FAILED',
    message: expect.stringMatching(/Line 4 of .* is no JSON; 2 units came before it\./),
    details: { line: 4, units: 2 },
  })
})

test('a line stands before the reason', () => {
  expect(reasonAtLine(50_004, 'no key')).toBe('line 50004: no key')
  expect(reasonAtLine(undefined, 'no key')).toBe('no key')
})
