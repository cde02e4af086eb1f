// Runs the TypeScript file of its first argument on the sources of the package, as vitest does.
import { fileURLToPath } from 'node:url'
import { createJiti } from 'jiti'

const onceover = fileURLToPath(new URL('../../../src/index.ts', import.meta.url))
const jiti = createJiti(import.meta.url, { alias: { onceover } })
await jiti.import(process.argv[2] ?? '')
