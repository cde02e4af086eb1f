import { importSource } from './from-source.mjs'

await importSource('../../../systems/snapshots/worker.ts')
