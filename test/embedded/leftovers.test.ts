import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startChild } from './child.ts'
import { openWorkshop, type Workshop } from './workshop.ts'

let workshop: Workshop
beforeAll(async () => {
  workshop = await openWorkshop()
})
afterAll(() => workshop.close())

test('temporary directories of dead runs are removed by the next start', async () => {
  const child = await startChild(workshop)
  await child.stop()
  const dead = child.server.dataDir.replace(/-\d+-(\w+)$/, '-999999999-$1')
  await mkdir(dead)
  const next = await startChild(workshop)
  await next.stop()
  expect(existsSync(dead)).toBe(false)
})
