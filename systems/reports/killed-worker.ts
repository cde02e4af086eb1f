import { setTimeout as sleep } from 'node:timers/promises'
import { onceover } from 'onceover'
import pg from 'pg'
import { reportGenerator } from './generator.ts'
import type { KillTask, KillTold } from './kill.ts'
import { templateWriter } from './template-writer.ts'
import type { ReportWriter } from './writer.ts'

/** The entry of a forked process that may be killed at any time: it runs the units of its task. */
process.once('message', async ({ url, name, units, writingMs, ...options }: KillTask) => {
  const tell = (told: KillTold) => process.send?.(told)
  const pool = new pg.Pool({ connectionString: url, max: 4 })
  pool.on('error', () => undefined)
  const writer: ReportWriter = {
    version: templateWriter.version,
    write: async (request, calling) => {
      await sleep(writingMs)
      return templateWriter.write(request, calling)
    },
  }
  const once = await onceover({ db: pool, lease: '1s', heartbeat: '200ms', worker: name })
  await pool.query('SELECT 1')
  tell({ kind: 'ready', run: null, made: 0, held: 0 })
  await new Promise((go) => process.once('message', go))
  const made = ({ created, replaced }: { readonly created: number; readonly replaced: number }) =>
    created + replaced
  const { run, totals } = await once.run(reportGenerator(pool, writer), units, {
    ...options,
    concurrency: 2,
    chunkUnits: 4,
    actor: name,
    onProgress: ({ run, totals, running, waiting }) =>
      tell({ kind: 'progress', run, made: made(totals), held: running + waiting }),
  })
  await once.close()
  await pool.end()
  tell({ kind: 'end', run, made: made(totals), held: 0 })
  process.disconnect()
})

// Whoever it works for is gone, and with it the server: there is nothing left to do.
process.once('disconnect', () => process.exit())
