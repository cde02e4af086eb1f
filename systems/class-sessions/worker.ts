import { workerMain } from '../fork-workers.ts'
import { prepareWork } from './work.ts'

// The entry of a forked process; the work itself is in work.ts, where it can run in any process.
workerMain(prepareWork)
