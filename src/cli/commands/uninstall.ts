import { EXIT } from '../../index.ts'
import { type Confirmation, confirm } from '../confirm.ts'
import { connected, type DatabaseOptions, showTarget } from '../connect.ts'
import type { Output } from '../output.ts'

/** Options of `onceover uninstall`. */
export type UninstallOptions = DatabaseOptions & Confirmation

const QUESTION = 'Drop the schema onceover with its audit?'

/** `onceover uninstall`: drops the schema `onceover` and nothing else. */
export async function run(
  _names: readonly string[],
  options: UninstallOptions,
  out: Output,
): Promise<number> {
  return connected(options, out, async (once) => {
    showTarget(once, out)
    if (!(await confirm(QUESTION, options))) {
      out.progress('Nothing was changed.')
      return EXIT.refused
    }
    const { removed } = await once.uninstall()
    if (out.json) out.record({ target: once.target, removed })
    else if (!removed) out.line('There was no schema of ours.')
    else out.line('The schema onceover is gone. Your tables and their unique indexes stay.')
    return EXIT.ok
  })
}
