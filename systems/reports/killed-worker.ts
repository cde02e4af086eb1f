import { setTimeout as sleep } from 'node:timers/promises'
import { onceover } from 'onceover'
import pg from 'pg'
import { reportGenerator } from './generator.ts'
import { type KillTask, type KillTold, unitsOf } from './killed.ts'
import { templateWriter } from './template-writer.ts'
import type { ReportWriter } from './writer.ts'

const WRITING_MS = 100

/** The entry of a forked process that may be killed at any time: it runs the whole week's list. */
process.once('message', async ({ url, name, students, wait }: KillTask) => {
  const tell = (told: KillTold) => process.send?.(told)
  const pool = new pg.Pool({ connectionString: url, max: 4 })
  pool.on('error', () => undefined)
  const writer: ReportWriter = {
    version: templateWriter.version,
    write: async (request, options) => {
      await sleep(WRITING_MS)
      return templateWriter.write(request, options)
    },
  }
  const once = await onceover({ db: pool, lease: '1s', heartbeat: '200ms', worker: name })
  await pool.query('SELECT 1')
  tell({ kind: 'ready', created: 0, held: 0 })
  await new Promise((go) => process.once('message', go))
  const { totals } = await once.run(reportGenerator(pool, writer), unitsOf(students), {
    concurrency: 2,
    chunkUnits: 4,
    actor: name,
    reason: 'weekly reports',
    wait,
    onProgress: ({ totals: { created }, running, waiting }) =>
      tell({ kind: 'progress', created, held: running + waiting }),
  })
  await once.close()
  await pool.end()
  tell({ kind: 'end', created: totals.created, held: 0 })
  process.disconnect()
})
