import { EXIT, type Onceover, OnceoverError, type StoredRepair, type Undone } from '../../index.ts'
import { renderUndone, restoration } from '../apply-report.ts'
import { readConfig } from '../config.ts'
import { type Confirmation, confirm } from '../confirm.ts'
import { connected, type DatabaseOptions, showTarget } from '../connect.ts'
import { showProgress } from '../enforce-report.ts'
import { chooseGuards } from '../guards.ts'
import { given } from '../option-values.ts'
import type { Output } from '../output.ts'
import { stoppable } from '../stop.ts'

/** Options of `onceover undo`. */
export interface UndoCommandOptions extends DatabaseOptions, Confirmation {
  /** Drop the unique index first, where one stands in the way. */
  readonly drop?: boolean
  readonly actor?: string
}

function print(undone: Undone, out: Output): number {
  if (out.json) out.record(undone)
  else for (const line of renderUndone(undone, out)) out.line(line)
  return undone.changedSince > 0 ? EXIT.partial : EXIT.ok
}

const isBlocked = (error: unknown): boolean =>
  error instanceof OnceoverError && error.code === 'UNDO_BLOCKED'

async function isDropAgreed(
  { guard }: StoredRepair,
  { drop, yes, input }: UndoCommandOptions,
): Promise<boolean> {
  if (drop) return true
  // --yes speaks of the undo alone: whoever wants the index dropped says so.
  if (yes || input === false || !process.stdin.isTTY || !process.stderr.isTTY) return false
  const question = `The unique index of ${guard} admits no duplicates. Drop it, and undo?`
  return confirm(question, {})
}

async function dropEnforcement(
  once: Onceover,
  { guard: name }: StoredRepair,
  options: UndoCommandOptions,
  out: Output,
): Promise<void> {
  const [guard] = chooseGuards(await readConfig(options.config), [name])
  if (!guard) return
  const { dropped } = await stoppable((signal) =>
    once.unenforce(guard, { signal, onProgress: showProgress(out) }),
  )
  for (const ddl of dropped) out.progress(ddl)
}

async function undo(once: Onceover, id: string, options: UndoCommandOptions, out: Output) {
  showTarget(once, out)
  const [stored] = await once.repairs({ id })
  // What undoing refuses needs no question.
  if (stored?.state === 'applied' || stored?.state === 'applying') {
    out.progress(restoration(stored))
    if (!(await confirm('Undo it?', options))) {
      out.progress('Nothing was changed.')
      return EXIT.refused
    }
  }
  const start = () => {
    out.live(`undoing the repair ${id}`)
    return once.undoRepair(id, given({ actor: options.actor })).finally(() => out.clear())
  }
  const undone = await start().catch(async (error: unknown) => {
    if (!(stored && isBlocked(error) && (await isDropAgreed(stored, options)))) throw error
    await dropEnforcement(once, stored, options, out)
    return start()
  })
  return print(undone, out)
}

/** `onceover undo`: puts back what a repair removed and changed. */
export async function run(
  [id = '']: readonly string[],
  options: UndoCommandOptions,
  out: Output,
): Promise<number> {
  return connected(options, out, (once) => undo(once, id, options, out))
}
