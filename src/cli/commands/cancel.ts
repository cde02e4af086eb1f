import { type Cancelled, EXIT, type RunStatus } from '../../index.ts'
import { type Confirmation, confirm } from '../confirm.ts'
import { connected, type DatabaseOptions, showTarget } from '../connect.ts'
import type { Output } from '../output.ts'
import { count, oneLine, some } from '../text.ts'

/** Options of `onceover cancel`. */
export interface CancelCommandOptions extends DatabaseOptions, Confirmation {
  readonly reason: string
  readonly actor: string
}

const isOver = ({ state }: RunStatus): boolean => state === 'done' || state === 'cancelled'

const question = ({ id, guard, state, inFlight }: RunStatus): string =>
  `Cancel the run ${id} of ${oneLine(guard)} (${state}, ${count(inFlight)} in flight)?`

function print(run: string, target: string, { cancelled, claims }: Cancelled, out: Output): number {
  if (out.json) out.record({ target, run, cancelled, claims })
  else if (cancelled)
    out.line(`Cancelled. ${some(claims, 'claim')} ended, and their keys are free.`)
  else out.line('The run had ended already; nothing was changed.')
  return cancelled ? EXIT.ok : EXIT.refused
}

/** `onceover cancel`: cancels a run that is not over. */
export async function run(
  [id = '']: readonly string[],
  { reason, actor, ...options }: CancelCommandOptions,
  out: Output,
): Promise<number> {
  return connected(options, out, async (once) => {
    showTarget(once, out)
    const status = await once.status(id)
    if (isOver(status)) return print(id, once.target, { cancelled: false, claims: 0 }, out)
    if (!(await confirm(question(status), options))) {
      out.progress('Nothing was changed.')
      return EXIT.refused
    }
    return print(id, once.target, await once.cancel(id, { reason, actor }), out)
  })
}
