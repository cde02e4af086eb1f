import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { holds } from '../../../systems/demo-report.ts'
import { runKilled } from '../../../systems/reports/killed.ts'
import { testDatabase } from '../../support/database.ts'

const LONG_MS = 60_000

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url))

test(
  'a run goes on when one of its workers is killed, and every batch is made once',
  async () => {
    const { url, drop } = await testDatabase()
    const progress: string[] = []
    const report = await runKilled(
      {
        freshDatabase: async () => url,
        workers: 3,
        progress: (line: string) => progress.push(line),
      },
      [pathOf('from-source.mjs'), pathOf('../../../systems/reports/killed-worker.ts')],
    )
    const wrong = report.figures.filter(({ onceover }) => onceover && !holds(onceover))
    expect(wrong).toEqual([])
    expect(progress.join('\n')).toContain('worker 1 gets SIGKILL')
    await drop()
  },
  LONG_MS,
)
