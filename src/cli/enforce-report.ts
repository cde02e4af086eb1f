import type { Blocker, EnforcementPlan, EnforceProgress } from '../index.ts'
import type { Output } from './output.ts'
import { count } from './text.ts'

const blockerWords = ({ pid, user, application, state, since }: Blocker): string =>
  `pid ${pid} (${[user, application, state, since && `since ${since}`].filter(Boolean).join(', ')})`

/** How an enforcement stands, on one line. */
function progressLine(progress: EnforceProgress): string {
  const { guard, step, phase, done, total, blockers } = progress
  const unit = step === 'repair' ? 'rows' : 'blocks'
  const share = total === undefined ? '' : `, ${count(done ?? 0)} of ${count(total)} ${unit}`
  const waiting = blockers.map(blockerWords).join('; ')
  return (
    `${guard}: ${step}${phase === undefined ? '' : `, ${phase}`}${share}` +
    `${waiting && `; waiting for ${waiting}`}`
  )
}

/**
 * Shows how an enforcement stands: on a terminal on a line that changes, elsewhere each step and
 * each blocker once.
 */
export function showProgress(out: Output): (progress: EnforceProgress) => void {
  const told = new Set<string>()
  return (progress) => {
    out.live(progressLine(progress))
    const { guard, step, blockers } = progress
    const news = [
      `${guard}: ${step}`,
      ...blockers.map((each) => `${guard}: ${step}; waiting for ${blockerWords(each)}`),
    ].filter((line) => !told.has(line))
    for (const line of news) {
      told.add(line)
      out.progress(line)
    }
  }
}

const SAID = {
  standing: 'is enforced already; nothing would run',
  locked: 'would be enforced in one moment, for which writers wait',
  online: 'would be enforced while writers go on',
} as const

/** The statements of a plan as a script, each with its reason and its lock. */
export function* renderPlan({ guard, index, how, statements }: EnforcementPlan): Generator<string> {
  yield `-- ${guard} ${SAID[how]} (${index})`
  for (const { step, sql, why, lock } of statements) {
    yield ''
    yield `-- ${step}: ${why}`
    yield `-- lock: ${lock}`
    yield `${sql};`
  }
}
