#!/usr/bin/env node
import { CommanderError } from 'commander'
import type { CommandModule } from './program.ts'
import { buildProgram } from './program.ts'
import { requestStop } from './stop.ts'

const USAGE = 64
const BY_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const

// The reader of a pipe (head, less) has seen enough: that is no error. Work that is under way is
// not left half done for it.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  if (requestStop() === 'idle') process.exit(0)
})

// Work stops when it can, or at once when it is told again. What a statement of another command did
// is undone by the server when the connection goes.
for (const [signal, code] of Object.entries(BY_SIGNAL)) {
  process.on(signal, () => {
    if (requestStop() !== 'stopping') process.exit(code)
  })
}

async function runCommand<Options extends object>(
  load: () => Promise<CommandModule<Options>>,
  names: readonly string[],
  options: Options & { readonly json?: boolean },
): Promise<void> {
  const { Output } = await import('./output.ts')
  const out = new Output(process, options.json === true)
  try {
    const command = await load()
    process.exitCode = await command.run(names, options, out)
  } catch (error) {
    process.exitCode = out.error(error)
  }
}

async function main(argv: readonly string[]): Promise<void> {
  const program = buildProgram(runCommand)
  try {
    await program.parseAsync([...argv])
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : USAGE
    if (process.exitCode === 0 || !argv.includes('--json')) return
    const { OnceoverError } = await import('../index.ts')
    const message = error.message.replace(/^error: /, '')
    const usage = new OnceoverError('USAGE', { message })
    process.stdout.write(`${JSON.stringify({ error: usage })}\n`)
  }
}

await main(process.argv)
// A Pool of the user's configuration is not ours to end, and must not keep the command alive.
process.stdout.write('', () => process.exit())
