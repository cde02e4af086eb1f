import pg from 'pg'
import { onceover } from '../../src/index.ts'
import { BATCH_MS, books, ENFORCING } from './books.ts'
import { countStatements, statementsSent } from './statements.ts'
import type { CrashTask, CrashTold } from './task.ts'

/** What a process does of a repair, and when it kills itself. */
export interface RepairTask {
  readonly url: string
  readonly phase: 'plan' | 'apply' | 'undo' | 'enforce'
  readonly kill?: CrashTask['kill']
}

const task: RepairTask = JSON.parse(process.argv[2] ?? '{}')
const tell = (told: CrashTold) =>
  new Promise<void>((resolve) => {
    process.send?.(told, () => resolve())
  })

const pool = new pg.Pool({ connectionString: task.url, application_name: 'work' })
pool.on('error', () => {})
const once = await onceover({ db: pool })

async function perform(): Promise<void> {
  if (task.phase === 'plan') return void (await once.planRepair(books))
  if (task.phase === 'enforce') return void (await once.enforce(books, ENFORCING))
  const [last] = await once.repairs({ guard: books.name, limit: 1 })
  if (!last) throw new Error('there is no repair')
  countStatements(task.kill)
  if (task.phase === 'undo') await once.undoRepair(last.id)
  else await once.applyRepair(books, last.plan, { batchMs: BATCH_MS })
}

if (task.phase === 'plan' || task.phase === 'enforce') countStatements(task.kill)
await perform()
  .then(() => tell({ kind: 'done', statements: statementsSent(), verdicts: [] }))
  .catch(({ code, message }) => tell({ kind: 'error', code: String(code), message }))
await Promise.all([once.close(), pool.end()])
process.disconnect()
