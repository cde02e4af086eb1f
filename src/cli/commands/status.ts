import { EXIT, type RunStatus } from '../../index.ts'
import { connected, type DatabaseOptions } from '../connect.ts'
import type { Output } from '../output.ts'
import { givenBackBy, unitsInWords } from '../run-report.ts'
import { table } from '../table.ts'
import { count, seconds, some } from '../text.ts'

function* stepsOf({ steps }: RunStatus): Generator<string> {
  yield some(steps.calls, 'call')
  if (steps.reused > 0) yield `${count(steps.reused)} reused`
  if (steps.asked > 0) yield `${count(steps.asked)} asked for`
  if (steps.needsReconcile > 0) yield `${count(steps.needsReconcile)} for a person to look at`
}

const factsOf = (status: RunStatus): readonly [name: string, value: string | null][] => [
  ['run', status.id],
  ['guard', status.guard],
  ['state', status.state],
  ['policy', status.policy],
  ['range', status.range && JSON.stringify(status.range)],
  ['reason', status.reason],
  ['actor', status.actor],
  ['worker', status.worker],
  ['started', seconds(status.startedAt)],
  ['finished', status.finishedAt && seconds(status.finishedAt)],
  ['cancelled by', status.cancelledBy],
  ['because', status.cancelReason],
  ['units', unitsInWords(status.totals, givenBackBy(status))],
  ['in flight', status.inFlight > 0 ? count(status.inFlight) : null],
  ['steps', status.steps.calls > 0 ? [...stepsOf(status)].join(', ') : null],
]

/** `onceover status`: says how a run stands. */
export async function run(
  [id = '']: readonly string[],
  options: DatabaseOptions,
  out: Output,
): Promise<number> {
  return connected(options, out, async (once) => {
    const status = await once.status(id)
    if (out.json) out.record(status)
    else {
      const facts = factsOf(status).flatMap(([name, value]) => (value ? [[name, value]] : []))
      for (const line of table([{ title: '' }, { title: '' }], facts).slice(1)) out.line(line)
    }
    return EXIT.ok
  })
}
