import { workerMain } from '../fork-workers.ts'
import { prepareSubmission, type SubmitResult, type SubmitTask } from './submission-tasks.ts'
import { prepareRuns, type RunResult, type RunTask } from './tasks.ts'

workerMain<RunTask | SubmitTask, RunResult | SubmitResult>(async (task) =>
  'api' in task ? prepareSubmission(task) : prepareRuns(task),
)
