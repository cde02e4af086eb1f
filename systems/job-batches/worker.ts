import { workerMain } from '../fork-workers.ts'
import { prepareRuns } from './tasks.ts'

workerMain(prepareRuns)
