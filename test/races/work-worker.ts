import { setTimeout as sleep } from 'node:timers/promises'
import { onceover } from '../../src/index.ts'
import { payoutsInBulk, payoutsSlowly } from './work-payouts.ts'
import type { WorkTask, WorkTold } from './work-task.ts'

const task: WorkTask = JSON.parse(process.argv[2] ?? '{}')
const tell = (told: WorkTold) =>
  new Promise<void>((resolve) => {
    process.send?.(told, () => resolve())
  })

function* units() {
  const from = Math.floor((task.seed * 0.618_034 * task.count) % task.count)
  for (let place = 0; place < task.count; place++) {
    yield { key: { number: (from + place) % task.count } }
  }
}

const once = await onceover({ db: task.url, lease: '2s', worker: `process ${task.seed}` })

async function perform(): Promise<void> {
  const generator = task.how === 'list' ? payoutsInBulk : payoutsSlowly
  let created = 0
  for (;;) {
    const { state, totals } = await once.run(generator, units(), {
      onProgress: (progress) => {
        const sum = created + progress.totals.created
        void tell({ kind: 'progress', run: progress.run, created: sum })
      },
    })
    created += totals.created
    const left = totals.in_flight > 0
    if (!left || state !== 'done') {
      return tell({ kind: 'done', state, totals: { ...totals, created } })
    }
    await sleep(100)
  }
}

await perform().catch(({ code, message }) => tell({ kind: 'error', code: String(code), message }))
await once.close()
process.disconnect()
