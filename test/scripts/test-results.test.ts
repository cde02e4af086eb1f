import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const script = fileURLToPath(new URL('../../scripts/test-results.mjs', import.meta.url))

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'results-test-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

async function report(
  name: string,
  numPassedTests: number,
  numFailedTests: number,
  broken = 0,
): Promise<string> {
  const file = join(directory, name)
  const unloadable = { status: 'failed', assertionResults: [] }
  const testResults = Array.from({ length: broken }, () => unloadable)
  await writeFile(file, JSON.stringify({ numPassedTests, numFailedTests, testResults }))
  return file
}

function sum(...files: string[]): { line: string; code: number | null } {
  const { stdout, status } = spawnSync(process.execPath, [script, ...files], { encoding: 'utf8' })
  return { line: stdout, code: status }
}

test('the reports of several runs are summed', async () => {
  const [first, second] = [await report('18.json', 10, 0), await report('15.json', 9, 0)]
  expect(sum(first, second)).toEqual({ line: '19 passed, 0 failed\n', code: 0 })
})

test('a failed test fails the whole', async () => {
  expect(sum(await report('bad.json', 5, 2))).toEqual({ line: '5 passed, 2 failed\n', code: 1 })
})

test('a test file that cannot be loaded counts as failed', async () => {
  const file = await report('broken.json', 5, 0, 1)
  expect(sum(file)).toEqual({ line: '5 passed, 1 failed\n', code: 1 })
})

test('no result at all is a failure', () => {
  expect(sum(join(directory, 'absent.json'))).toEqual({ line: '0 passed, 0 failed\n', code: 1 })
})
