import { createInterface } from 'node:readline/promises'
import { OnceoverError } from '../index.ts'
import { shellWord } from './text.ts'

/** How a command may be confirmed. */
export interface Confirmation {
  /** `--yes`: confirmed beforehand. */
  readonly yes?: boolean
  /** False with `--no-input`: nobody may be asked. */
  readonly input?: boolean
}

async function ask(question: string): Promise<string> {
  // The question goes to stderr: stdout holds data only.
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  // Without these, Ctrl-D would leave the question open, and Ctrl-C would only close it.
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')))
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return await Promise.race([terminal.question(question), closed])
  } finally {
    terminal.close()
  }
}

// An error never shows a password; without it the command fails rather than go elsewhere.
const withoutPassword = (word: string): string =>
  /^(--db=)?postgres(ql)?:/.test(word)
    ? word.replace(/(:\/\/[^:@/?]*):.*@/, '$1@').replace(/([?&])password=[^&]*&?/, '$1')
    : word

/** The command that these arguments made, as it is typed in a shell; without any password. */
export const typed = (words: readonly string[]): string =>
  ['onceover', ...words].map((word) => shellWord(withoutPassword(word))).join(' ')

/**
 * Asks on a terminal whether to go on; anything but yes is no.
 *
 * @throws OnceoverError USAGE where nobody can be asked and `--yes` was not given
 */
export async function confirm(
  question: string,
  { yes = false, input = true }: Confirmation,
): Promise<boolean> {
  if (yes) return true
  if (!input || !process.stdin.isTTY || !process.stderr.isTTY) {
    const command = typed(process.argv.slice(2))
    throw new OnceoverError('USAGE', {
      message: `${command} asks before it goes on, and there is nobody to ask.`,
      fix: `Run it as: ${command} --yes`,
    })
  }
  return /^y(es)?$/i.test((await ask(`${question} [y/N] `)).trim())
}
