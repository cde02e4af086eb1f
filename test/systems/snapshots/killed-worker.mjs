import { importSource } from './from-source.mjs'

await importSource('./killed-worker.ts')
