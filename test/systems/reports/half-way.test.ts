import { type ChildProcess, fork } from 'node:child_process'
import { once as happened } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { requestReports } from '../../../systems/reports/incident.ts'
import { readBatch } from '../../../systems/reports/stored.ts'
import { answerMore, type TestSystem, testSystem } from './system.ts'

const FROM_SOURCE = fileURLToPath(new URL('./from-source.mjs', import.meta.url))
const HALF_WAY = fileURLToPath(new URL('./half-way.ts', import.meta.url))
const ANSWERED = 3

let system: TestSystem
let child: ChildProcess | undefined
beforeAll(async () => {
  system = await testSystem(1)
})
afterAll(async () => {
  child?.kill('SIGKILL')
  await system.drop()
})

/** Waits until so many steps are in a state. */
async function untilSteps(state: string, count: number): Promise<void> {
  const read = 'SELECT count(*)::int AS steps FROM onceover.step WHERE state = $1'
  while ((await system.pool.query(read, [state])).rows[0].steps < count) {
    if (child?.exitCode != null) throw new Error('The process ended before it was half way.')
    await sleep(5)
  }
}

test('a process killed half way leaves the old eight, and pays for no report twice', async () => {
  const first = await requestReports(system.app, 0)
  const id = String(first.body.batch)
  const old = await readBatch(system.pool, id)
  await system.pool.query('DELETE FROM onceover.step')
  await answerMore(system.pool, 0)

  child = fork(FROM_SOURCE, [HALF_WAY, system.url, String(ANSWERED)])
  await untilSteps('answered', ANSWERED)
  await untilSteps('asked', 8 - ANSWERED)
  child.kill('SIGKILL')
  await happened(child, 'exit')
  expect(await readBatch(system.pool, id)).toEqual(old)

  system.asked.length = 0
  const again = await requestReports(system.app, 0)

  expect(again).toMatchObject({
    status: 200,
    body: { outcome: 'replaced', batch: id, oldReports: 8, reports: 8 },
  })
  expect(system.asked).toHaveLength(8 - ANSWERED)
  expect((await readBatch(system.pool, id))?.batch.questions).toBe(Number(old?.batch.questions) + 1)
})
