// Runs half-drafted.ts from its source: a process has no vitest, and tests need no build.
import { fileURLToPath } from 'node:url'
import { createJiti } from 'jiti'

// Named, because the paths of a tsconfig do not reach the files of another one.
const onceover = fileURLToPath(new URL('../../../src/index.ts', import.meta.url))
await createJiti(import.meta.url, { alias: { onceover } }).import('./half-drafted.ts')
