import type { Progress, RunOptions, RunResult } from '../index.ts'
import type { ServerContext } from './context.ts'
import type { UnderwayWork } from './underway.ts'

/** Whose run it is. */
export interface RunStart {
  readonly guard: string
  readonly actor: string
  /** Begins it with the options that it is handed. */
  begin(own: Pick<RunOptions, 'signal' | 'onProgress'>): Promise<RunResult>
}

const ended = ({ run, state, totals }: RunResult): object => ({ run, state, totals })

/**
 * Starts a run and answers with its id as soon as that is known, while it goes on; the server stops
 * it where it closes.
 *
 * @throws what the run fails with before it has an id
 */
export function startRun(
  { closing, underway }: Pick<ServerContext, 'closing' | 'underway'>,
  { guard, actor, begin }: RunStart,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let report: UnderwayWork['report'] | undefined
    const onProgress = (progress: Progress) => {
      if (!report) {
        underway.start({ guard, what: 'run', id: progress.run, actor }, (given) => {
          report = given.report
          return work.then(ended)
        })
        resolve(progress.run)
      }
      report?.(progress)
    }
    const work = begin({ signal: closing, onProgress })
    underway.await(work)
    work.then(({ run }) => resolve(run), reject)
  })
}
