import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import * as options from './options.ts'
import type { Output } from './output.ts'

/** What the file of a command exports. */
export interface CommandModule<Options> {
  run(names: readonly string[], options: Options, out: Output): Promise<number>
}

/** Runs the command that the arguments name. Its file is loaded only then. */
export type Runner = <Options extends object>(
  load: () => Promise<CommandModule<Options>>,
  names: readonly string[],
  options: Options & { readonly json?: boolean },
) => Promise<void>

const EXAMPLES = `
Examples:
  onceover scan --db postgres://app@localhost/shop --table visits --key day,patient_id
  onceover enforce visits
  onceover explain --error error.log
  onceover events --guard visits --verdict skipped --since 1d
  onceover run reports --range from=2025-10-01,to=2025-10-31
  onceover reconcile reports --range from=2025-10-01,to=2025-10-31
  onceover serve

Exit codes: 0 done, 1 error, 2 findings, 3 done in part, 4 refused, 64 wrong usage.
Data goes to stdout, progress and errors to stderr.
Colour only on a terminal, and not with NO_COLOR.`

/** Says of an option before its command where it stands: the help of them all would not. */
function tellPlace(program: Command): void {
  const fail = program.error.bind(program)
  program.error = (message, given) => {
    const [, flag] = /^error: unknown option '(-[^'=]*)/.exec(message) ?? []
    const owner = program.commands.find((each) => each.options.some(({ long }) => long === flag))
    if (!owner) return fail(message, given)
    program.showHelpAfterError(false)
    const place = `Options stand behind the command: onceover ${owner.name()} ${flag} ...`
    return fail(`${message}\n${place}`, given)
  }
}

const version = (): string =>
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version

/** Defines every command with its arguments and options; `run` does the work. */
export function buildProgram(run: Runner): Command {
  const program = new Command('onceover')
    .description('Declare a business key once; find, stop and explain its duplicates.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'Print the help of a command.')
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError()
    .exitOverride()
  tellPlace(program)

  const add = <Options extends object>(
    name: string,
    own: options.Configure,
    load: () => Promise<CommandModule<Options>>,
  ) => {
    // commander hands over the arguments, then the options and the command.
    options.shared(own(program.command(name))).action((...given: unknown[]) => {
      const names = given.slice(0, -2).flat() as string[]
      return run(load, names, given.at(-2) as Options)
    })
  }
  add('scan', options.scan, () => import('./commands/scan.ts'))
  add('discover', options.discover, () => import('./commands/discover.ts'))
  add('explain', options.explain, () => import('./commands/explain.ts'))
  add('repair', options.repair, () => import('./commands/repair.ts'))
  add('apply', options.apply, () => import('./commands/apply.ts'))
  add('undo', options.undo, () => import('./commands/undo.ts'))
  add('enforce', options.enforce, () => import('./commands/enforce.ts'))
  add('run', options.run, () => import('./commands/run.ts'))
  add('runs', options.runs, () => import('./commands/runs.ts'))
  add('status', options.status, () => import('./commands/status.ts'))
  add('claims', options.claims, () => import('./commands/claims.ts'))
  add('cancel', options.cancel, () => import('./commands/cancel.ts'))
  add('retry', options.retry, () => import('./commands/retry.ts'))
  add('resume', options.resume, () => import('./commands/resume.ts'))
  add('resolve', options.resolve, () => import('./commands/resolve.ts'))
  add('reconcile', options.reconcile, () => import('./commands/reconcile.ts'))
  add('events', options.events, () => import('./commands/events.ts'))
  add('serve', options.serve, () => import('./commands/serve.ts'))
  add('migrate', options.migrate, () => import('./commands/migrate.ts'))
  add('uninstall', options.uninstall, () => import('./commands/uninstall.ts'))
  return program
}
