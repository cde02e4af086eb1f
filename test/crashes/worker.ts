import pg from 'pg'
import { onceover } from '../../src/index.ts'
import { payNaively } from './naive.ts'
import { type Hooks, Provider, payoutsBy, unitsOf } from './payouts.ts'
import { countStatements, statementsSent } from './statements.ts'
import type { CrashTask, CrashTold } from './task.ts'

const task: CrashTask = JSON.parse(process.argv[2] ?? '{}')
const tell = (told: CrashTold) =>
  new Promise<void>((resolve) => {
    process.send?.(told, () => resolve())
  })

const goOn = () => new Promise<void>((resolve) => process.once('message', () => resolve()))

const pool = new pg.Pool({ connectionString: task.url, application_name: 'work' })
pool.on('error', () => {})
const provider = new Provider(task.url)

async function pause(): Promise<void> {
  await tell({ kind: 'paused' })
  await goOn()
}

/** What a unit does at the point where it waits, while its parent watches its claim. */
const hooks: Hooks = {
  making: ({ signal }) => {
    signal.addEventListener('abort', () => {
      void tell({ kind: 'aborted', code: String(signal.reason.code) })
    })
    return task.pauseIn === 'make' ? pause() : undefined
  },
  saving: () => (task.pauseIn === 'save' ? pause() : undefined),
}

async function perform(): Promise<readonly string[]> {
  const { flow, numbers, pauseIn } = task
  if (flow === 'naive')
    return payNaively(pool, numbers, pauseIn && (() => tell({ kind: 'paused' }).then(goOn)))
  const once = await onceover({ db: pool, lease: '1s', worker: `process ${process.pid}` })
  const { verdicts } = await once.run(payoutsBy(flow, provider, hooks), unitsOf(numbers))
  await once.close()
  return verdicts.map(({ verdict, code }) => (code ? `${verdict} ${code}` : verdict))
}

countStatements(task.kill)
await perform()
  .then((verdicts) => tell({ kind: 'done', statements: statementsSent(), verdicts }))
  .catch(({ code, message }) => tell({ kind: 'error', code: String(code), message }))
await Promise.all([pool.end(), provider.close()])
process.disconnect()
