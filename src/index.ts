export type { Counts } from './audit/counters.ts'
export type { EventFilter, StoredEvent } from './audit/events.ts'
export { type Onceover, type OnceoverOptions, onceover } from './client.ts'
export { type ErrorParts, OnceoverError } from './core/error.ts'
export { ERRORS, type ErrorCode, EXIT } from './core/error-catalogue.ts'
export {
  column,
  date,
  expression,
  int,
  type KeyPart,
  type Nulls,
  oneOf,
  set,
  text,
  time,
  timestamp,
  uuid,
} from './core/key-part.ts'
export { type Logger, silentLogger } from './core/logger.ts'
export type { Policy, RowValues, Totals, Verdict, VerdictName } from './core/verdict.ts'
export type { Finding, FindingCode } from './duplicates/finding.ts'
export type { DuplicateGroup, PartReport, ScanReport } from './duplicates/scan-report.ts'
export type { Enforced } from './enforcement/enforce.ts'
export type { Coverage } from './guards/coverage.ts'
export {
  type Child,
  type Guard,
  type GuardOptions,
  guard,
  type KeyedRow,
  type KeyOf,
  type KeyParts,
  type Losers,
  type RowOf,
} from './guards/guard.ts'
export type { Inspection } from './guards/inspect.ts'
export type { Shadow } from './guards/shadow.ts'
export type { InvalidIndex, UniqueIndex } from './guards/unique-index.ts'
export type { DatabaseInput, Handle, Transaction } from './postgres/handle.ts'
export { type Migrated, migrationSql } from './postgres/migrate.ts'
export { Sql, sql } from './postgres/sql.ts'
export type { Uninstalled } from './postgres/uninstall.ts'
export type { InsertOneResult, InsertResult } from './rows/insert.ts'
export type { InsertOptions } from './rows/options.ts'
export { rejectedVerdicts } from './rows/rejection.ts'
export type { InsertChunk, StreamOptions } from './rows/stream.ts'
