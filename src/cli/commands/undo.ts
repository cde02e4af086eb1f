import { EXIT, type Onceover, type Undone } from '../../index.ts'
import { renderUndone, restoration } from '../apply-report.ts'
import { type Confirmation, confirm } from '../confirm.ts'
import { connected, type DatabaseOptions, showTarget } from '../connect.ts'
import { given } from '../option-values.ts'
import type { Output } from '../output.ts'
import { shellWord } from '../text.ts'

/** Options of `onceover undo`. */
export interface UndoCommandOptions extends DatabaseOptions, Confirmation {
  readonly actor?: string
}

function print(undone: Undone, out: Output): number {
  if (out.json) out.record(undone)
  else for (const line of renderUndone(undone, out)) out.line(line)
  return undone.changedSince > 0 ? EXIT.partial : EXIT.ok
}

async function undo(once: Onceover, id: string, options: UndoCommandOptions, out: Output) {
  showTarget(once, out)
  const [stored] = await once.repairs({ id })
  // What undoing refuses needs no question.
  if (stored?.state === 'applied' || stored?.state === 'applying') {
    out.progress(restoration(stored))
    if (!(await confirm(`onceover undo ${shellWord(id)}`, 'Undo it?', options))) {
      out.progress('Nothing was changed.')
      return EXIT.refused
    }
  }
  return print(await once.undoRepair(id, given({ actor: options.actor })), out)
}

/** `onceover undo`: puts back what a repair removed and changed. */
export async function run(
  [id = '']: readonly string[],
  options: UndoCommandOptions,
  out: Output,
): Promise<number> {
  return connected(options, out, (once) => undo(once, id, options, out))
}
