import { type Sql, sql } from '../../postgres/sql.ts'

/** Who a session is, and how it reads SQL. */
export interface Identity {
  readonly role: string
  readonly path: string
  readonly read_only: string
}

/** Who this session is: what another one takes over to mean the same. */
export const selectIdentity: Sql = sql`
  SELECT current_user::text AS role, current_setting('search_path') AS path,
    current_setting('default_transaction_read_only') AS read_only`

/** Becomes such a session, and says which backend it has. */
export const assumeIdentity = ({ role, path, read_only }: Identity): Sql => sql`
  SELECT set_config('search_path', ${path}, false),
    set_config('default_transaction_read_only', ${read_only}, false),
    CASE WHEN session_user <> ${role}::text THEN set_config('role', ${role}, false) END,
    pg_backend_pid() AS pid`

// Zero would be no limit.
const milliseconds = (ms: number): string => String(Math.max(1, Math.ceil(ms)))

/** Has a session wait for a lock no longer than a time from now on. */
export const limitLocks = (lockMs: number): Sql =>
  sql`SELECT set_config('lock_timeout', ${milliseconds(lockMs)}, false)`

/**
 * Lets a session work for as long as it takes, and no longer than its client lives, which Windows
 * cannot look for; it waits for a lock no longer than a time.
 */
export const outlast = (lockMs: number): Sql => sql`
  SELECT set_config(name, value, false) FROM (VALUES
    ('statement_timeout', '0'), ('lock_timeout', ${milliseconds(lockMs)}),
    ('idle_session_timeout', '0'), ('transaction_timeout', '0'),
    ('idle_in_transaction_session_timeout', '0'),
    ('client_connection_check_interval', '1s')) AS wanted (name, value)
  JOIN pg_settings USING (name)
  WHERE name <> 'client_connection_check_interval' OR version() ~ 'linux|darwin|freebsd'`
