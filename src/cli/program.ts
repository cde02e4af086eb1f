import { readFileSync } from 'node:fs'
import { Command } from 'commander'
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
  onceover events --guard visits --verdict skipped --since 1d

Exit codes: 0 done, 1 error, 2 findings, 3 done in part, 4 refused, 64 wrong usage.
Data goes to stdout, progress and errors to stderr.
Colour only on a terminal, and not with NO_COLOR.`

const version = (): string =>
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version

type Configure = (command: Command) => Command

const shared: Configure = (command) =>
  command
    .option('--db <url>', 'the database; wins over DATABASE_URL and the configuration')
    .option('--config <file>', 'the configuration; default: the nearest onceover.config.*, upwards')
    .option('--json', 'print one JSON object per line')

const scan: Configure = (command) =>
  command
    .description('Read tables and say what breaks their keys. Changes nothing.')
    .argument('[guard...]', 'guards of the configuration; default: all')
    .option('--table <table>', 'scan a table without a declared guard')
    .option('--key <columns>', 'its key: column names with commas between them')
    .option('--where <sql>', 'the predicate of the rows that the key binds')

const enforce: Configure = (command) =>
  command
    .description('Make the unique index of each guard that none covers.')
    .argument('[guard...]', 'guards of the configuration; default: all')

const events: Configure = (command) =>
  command
    .description('Read the audit, newest first.')
    .option('--guard <name>', 'of one guard')
    .option('--verdict <verdict>', 'created, replaced, allowed, skipped, collided, invalid, failed')
    .option('--since <span>', "how long ago (1d, 12h, '2 weeks'), or from when (2025-10-23)")
    .option('--until <span>', 'the end, likewise')
    .option('--run <id>', 'of one run')
    .option('--limit <number>', 'how many at most', '100')

const migrate: Configure = (command) =>
  command
    .description('Bring the schema onceover up to date.')
    .option('--sql', 'print the DDL instead of running it')

const uninstall: Configure = (command) =>
  command
    .description('Drop the schema onceover and nothing else.')
    .option('--yes', 'do not ask')
    .option('--no-input', 'fail rather than ask')

/** Defines every command with its arguments and options; `run` does the work. */
export function buildProgram(run: Runner): Command {
  const program = new Command('onceover')
    .description('Declare a business key once; find, stop and explain its duplicates.')
    .version(version(), '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand('help [command]', 'Print the help of a command.')
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError()
    .exitOverride()
  const add = (name: string, own: Configure): Command => shared(own(program.command(name)))

  add('scan', scan).action((names, options) =>
    run(() => import('./commands/scan.ts'), names, options),
  )
  add('enforce', enforce).action((names, options) =>
    run(() => import('./commands/enforce.ts'), names, options),
  )
  add('events', events).action((options) => run(() => import('./commands/events.ts'), [], options))
  add('migrate', migrate).action((options) =>
    run(() => import('./commands/migrate.ts'), [], options),
  )
  add('uninstall', uninstall).action((options) =>
    run(() => import('./commands/uninstall.ts'), [], options),
  )
  return program
}
