import { workerMain } from '../fork-workers.ts'
import { prepareRun } from './tasks.ts'

workerMain(prepareRun)
