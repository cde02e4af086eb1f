import { onceover } from 'onceover'
import { listen, server } from 'onceover/server'
import { reportGenerator, reports } from './fixture.ts'

/** Serves the database of the first argument in a process of its own, and says where. */
const once = await onceover({ db: process.argv[2] ?? '' })
const served = server({ once, guards: [reports], generators: [reportGenerator] })
const { url } = await listen(served, { port: 0 })
process.on('message', () => process.send?.({ rssMb: process.memoryUsage().rss / 1_048_576 }))
process.once('disconnect', () => process.exit())
process.send?.({ url })
