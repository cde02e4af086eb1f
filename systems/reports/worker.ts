import { workerMain } from '../fork-workers.ts'
import { prepareRequests } from './requests.ts'

// The entry of a forked process; its work is in requests.ts, where it can run in any process.
workerMain(prepareRequests)
