// Sends a request whose draft never ends, and says when it has begun: a process to be killed.
import { fileURLToPath } from 'node:url'
import { createJiti } from 'jiti'

// Named, because the paths of a tsconfig do not reach the files of another one.
const source = fileURLToPath(new URL('../../../src/index.ts', import.meta.url))
const jiti = createJiti(import.meta.url, { alias: { onceover: source } })
const { onceover } = await jiti.import('onceover')
const { generateLessons } = await jiti.import('../../../systems/lessons/generate.ts')
const { default: pg } = await import('pg')

process.once('message', async ({ url, request }) => {
  const pool = new pg.Pool({ connectionString: url })
  const once = await onceover({ db: pool, worker: 'to be killed', lease: '2s', heartbeat: '500ms' })
  const draft = () => {
    process.send?.('drafting')
    return new Promise(() => undefined)
  }
  await generateLessons({ once, pool, draft }, request)
})
