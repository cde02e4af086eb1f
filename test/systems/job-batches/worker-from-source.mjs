// Runs the worker from its TypeScript source: a process has no vitest, and tests need no build.
import { fileURLToPath } from 'node:url'
import { createJiti } from 'jiti'

// Named, because the paths of a tsconfig do not reach the files of another one.
const onceover = fileURLToPath(new URL('../../../src/index.ts', import.meta.url))
const jiti = createJiti(import.meta.url, { alias: { onceover } })
await jiti.import('../../../systems/job-batches/worker.ts')
