// Runs the worker from its TypeScript source: a process has no vitest, and tests need no build.
import { createJiti } from 'jiti'

const jiti = createJiti(import.meta.url, { tsconfigPaths: true })
await jiti.import('../../../systems/job-batches/worker.ts')
