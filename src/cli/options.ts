import type { Command } from 'commander'

/** Gives a command its description, arguments and options. */
export type Configure = (command: Command) => Command

/** What every command takes. */
export const shared: Configure = (command) =>
  command
    .option('--db <url>', 'the database; wins over DATABASE_URL and the configuration')
    .option('--config <file>', 'the configuration; default: the nearest onceover.config.*, upwards')
    .option('--json', 'print one JSON object per line')

const confirmed: Configure = (command) =>
  command.option('--yes', 'do not ask').option('--no-input', 'fail rather than ask')

/** `onceover scan`. */
export const scan: Configure = (command) =>
  command
    .description('Read tables and say what breaks their keys. Changes nothing.')
    .argument('[guard...]', 'guards of the configuration; default: all')
    .option('--table <table>', 'scan a table without a declared guard')
    .option('--key <columns>', 'its key: column names with commas between them')
    .option('--where <sql>', 'the predicate of the rows that the key binds')
    .option('--growth', 'say when the excess rows were made, in what rhythm and by what')
    .option('--html <file>', 'also write a report with charts to hand on, growth included')

/** `onceover discover`. */
export const discover: Configure = (command) =>
  command
    .description('Propose guards for a whole database, the best first. Changes nothing.')
    .option('--schema <schema>', 'only the tables of this schema')
    .option('--limit <number>', 'how many proposals at most', '10')

/** `onceover explain`. */
export const explain: Configure = (command) =>
  command
    .description('Say why a row was refused, or what stands for a key. Changes nothing.')
    .option('--error <file>', 'an error, or lines of a log; - is standard input')
    .option('--guard <name>', 'a guard of the configuration')
    .option('--key <json>', 'a key of it: \'{"day":"2025-10-01","student":7}\'')

/** `onceover enforce`. */
export const enforce: Configure = (command) =>
  confirmed(
    command
      .description('Make the unique index of each guard that none covers, while writers go on.')
      .argument('[guard...]', 'guards of the configuration; default: all')
      .option('--dry-run', 'print every statement with its reason and its lock; run none')
      .option('--online', 'never lock a table for the build, however small it is')
      .option('--deadline <span>', 'how long it may take in all; default: 10m')
      .option('--constraint', 'also make a UNIQUE constraint of the index')
      .option('--drop', 'take the enforcement back: drop the index or its constraint')
      .option('--print <target>', 'print it for conflict, sql, prisma, drizzle, knex; run nothing'),
  )

/** `onceover repair`. */
export const repair: Configure = (command) =>
  confirmed(
    command
      .description('Plan the repair of duplicates: what stays, what goes, what hangs on it.')
      .argument('[guard]', 'a guard of the configuration')
      .option('--plan <file>', 'write the plan to a file, change nothing; - is standard output')
      .option('--force', 'write over a file that exists')
      .option('--enforce', 'repair and enforce in one run, while writers go on')
      .option('--deadline <span>', 'with --enforce: how long it may take; default: 10m')
      .option('--batch-ms <number>', 'with --enforce: how long a batch should take; default: 100')
      .option('--wal <size>', 'with --enforce: write-ahead log a second; default: 128MB')
      .option('--list', 'list the repairs of the database, newest first')
      .option('--guard <name>', 'with --list: of one guard')
      .option('--reason <text>', 'why; recorded with the repair')
      .option('--actor <name>', 'who asks; recorded with the repair'),
  ).addHelpText(
    'after',
    `
Examples:
  onceover repair visits --plan visits.json
  onceover apply visits.json
  onceover undo 3
  onceover repair visits --enforce`,
  )

/** `onceover apply`. */
export const apply: Configure = (command) =>
  confirmed(
    command
      .description('Apply a plan in short batches. Stopped or killed, it goes on when run again.')
      .argument('<file>', 'the plan')
      .option('--batch-ms <number>', 'how long a batch should take, in milliseconds; default: 100')
      .option('--wal <size>', 'write-ahead log the server may write a second; default: 128MB')
      .option('--actor <name>', 'who applies it; recorded with the repair'),
  ).addHelpText(
    'after',
    `
Examples:
  onceover apply visits.json
  onceover apply visits.json --batch-ms 50 --wal 16MB --yes`,
  )

/** `onceover undo`. */
export const undo: Configure = (command) =>
  confirmed(
    command
      .description('Put back what a repair removed and changed, in one transaction.')
      .argument('<repair>', 'its number: see onceover repair --list')
      .option('--drop', 'drop the unique index of the guard first where it is in the way')
      .option('--actor <name>', 'who undoes it; recorded with the repair'),
  ).addHelpText(
    'after',
    `
Examples:
  onceover repair --list
  onceover undo 3
  onceover undo 3 --drop`,
  )

/** `onceover events`. */
export const events: Configure = (command) =>
  command
    .description('Read the audit, newest first.')
    .option('--guard <name>', 'of one guard')
    .option('--verdict <verdict>', 'of one verdict, such as created, skipped or taken_over')
    .option('--since <span>', "how long ago (1d, 12h, '2 weeks'), or from when (2025-10-23)")
    .option('--until <span>', 'the end, likewise')
    .option('--run <id>', 'of one run')
    .option('--limit <number>', 'how many at most', '100')

/** `onceover migrate`. */
export const migrate: Configure = (command) =>
  command
    .description('Bring the schema onceover up to date.')
    .option('--sql', 'print the DDL instead of running it')

/** `onceover uninstall`. */
export const uninstall: Configure = (command) =>
  confirmed(command.description('Drop the schema onceover and nothing else.'))

const making: Configure = (command) =>
  command
    .option('--concurrency <number>', 'how many units are made at once; default: 8')
    .option('--reason <text>', 'why; recorded with the run')
    .option('--actor <name>', 'who asks; recorded with the run')

const RANGE = '--range <range>'
const RANGE_WORDS = 'what is expected: from=2025-10-01,to=2025-10-31, or a JSON object'

/** `onceover run`. */
export const run: Configure = (command) =>
  making(
    command
      .description('Make every unit of a range or a list exactly once.')
      .argument('<generator>', 'a generator of the configuration')
      .option(RANGE, RANGE_WORDS)
      .option('--units <file>', 'units as JSON, one per line; - is standard input')
      .option('--on-duplicate <policy>', 'what is done already: skip (default), replace, reject'),
  )
    .option('--wait <span>', 'how long to wait for units that others make, such as 1m')
    .option('--dry-run', 'say what it would come to; write nothing')

/** `onceover runs`. */
export const runs: Configure = (command) =>
  command
    .description('List runs, newest first.')
    .option('--guard <name>', 'of one guard')
    .option('--state <state>', 'running, done, stopped, cancelled or crashed')
    .option('--since <span>', "how long ago (1d, 12h, '2 weeks'), or from when (2025-10-23)")
    .option('--limit <number>', 'how many at most', '100')

/** `onceover status`. */
export const status: Configure = (command) =>
  command.description('Say how a run stands.').argument('<run>', 'its id')

const KEY = '--key <json>'

/** `onceover claims`. */
export const claims: Configure = (command) =>
  command
    .description('List claims, the latest first.')
    .option('--guard <name>', 'of one guard')
    .option('--state <state>', 'claimed, done, failed, exhausted or cancelled')
    .option('--run <id>', 'of one run')
    .option(KEY, 'with these parts of their key: \'{"student":7}\'')
    .option('--limit <number>', 'how many at most', '100')

/** `onceover cancel`. */
export const cancel: Configure = (command) =>
  confirmed(
    command
      .description('Cancel a run: what it holds is ended, what is done stays done.')
      .argument('<run>', 'its id')
      .requiredOption('--reason <text>', 'why; recorded with the run')
      .requiredOption('--actor <name>', 'who cancels; recorded with the run'),
  )

/** `onceover retry`. */
export const retry: Configure = (command) =>
  making(
    command
      .description('Try failed and exhausted units again.')
      .argument('<generator>', 'a generator of the configuration')
      .option('--run <id>', 'only the units of one run')
      .option(RANGE, 'make the missing units of a range too'),
  )

/** `onceover resume`. */
export const resume: Configure = (command) =>
  command
    .description('Go on with a run that crashed or stopped.')
    .argument('<generator>', 'a generator of the configuration')
    .argument('<run>', 'its id')
    .option('--concurrency <number>', 'how many units are made at once; default: 8')

/** `onceover resolve`. */
export const resolve: Configure = (command) =>
  confirmed(
    command
      .description('Answer for the provider of a step that waits for a person.')
      .argument('<generator>', 'a generator of the configuration')
      .requiredOption(KEY, 'the key of the unit: \'{"day":"2025-10-01","student":7}\'')
      .requiredOption('--step <name>', 'the step')
      .option('--answer <json>', 'what the call answered')
      .option('--again', 'the call was never made: make it again'),
  )

/** `onceover reconcile`. */
export const reconcile: Configure = (command) =>
  command
    .description('Hold what is expected against rows and claims. Changes nothing.')
    .argument('<generator>', 'a generator of the configuration')
    .requiredOption(RANGE, RANGE_WORDS)
    .option('--by <part>', 'the part of the key to count by; default: its first date')

/** `onceover serve`. */
export const serve: Configure = (command) =>
  command
    .description('Serve the dashboard and its API, read-only unless told otherwise.')
    .option('--port <number>', 'where to listen; 0 takes any free one; default: 4100')
    .option('--host <address>', 'default: 127.0.0.1; any other needs tokens')
    .option('--write', 'let it change things: run, cancel, repair, enforce')
    .option('--token-file <file>', 'who may ask: lines of a token, a name, and read for a reader')
    .option('--allow-host <name...>', 'other names by which it may be asked')
    .option('--allow-origin <origin...>', 'other origins whose pages may ask')
    .option('--base-path <path>', 'where a proxy mounts it, such as /ops')
    .option('--environment <name>', 'shown as a badge: production, staging')
    .addHelpText(
      'after',
      `
Tokens also come from the environment: ONCEOVER_TOKEN, and ONCEOVER_READ_TOKEN for a reader.

Examples:
  onceover serve
  onceover serve --write --environment staging
  ONCEOVER_TOKEN="$(openssl rand -base64 32)" \\
    onceover serve --host 0.0.0.0 --allow-host ops.example.org`,
    )
