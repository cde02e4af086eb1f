export type { Change, ChangeReader, Changes } from './audit/changes.ts'
export type { Counts, StepCounts } from './audit/counters.ts'
export type { EventFilter, EventName, StoredEvent } from './audit/events.ts'
export type { Claim, StepCall, StepOptions, Unit } from './claims/claim.ts'
export type { WorkVerdict } from './claims/grant.ts'
export type { StepResolution } from './claims/resolve.ts'
export type { WorkerOptions } from './claims/worker.ts'
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
export type { Page, PageOptions } from './core/page.ts'
export type { Policy, RowValues, Totals, Verdict, VerdictName } from './core/verdict.ts'
export type {
  DiscoverOptions,
  Discovery,
  Proposal,
  ProposedDuplicates,
  SkippedTable,
} from './duplicates/discover/proposal.ts'
export type { Finding, FindingCode } from './duplicates/finding.ts'
export type {
  DuplicatePage,
  DuplicatesOptions,
  TextRow,
  WholeGroup,
} from './duplicates/groups.ts'
export type { Rhythm } from './duplicates/growth/rhythm.ts'
export type { Growth, GrowthBucket, GrowthSource } from './duplicates/growth.ts'
export type { OverlapCluster, Overlaps } from './duplicates/overlaps.ts'
export type { ScanOptions } from './duplicates/scan.ts'
export type { DuplicateGroup, PartReport, ScanReport } from './duplicates/scan-report.ts'
export type { Converged, ConvergeOptions } from './enforcement/converge.ts'
export type { Enforced } from './enforcement/enforced.ts'
export type { EnforcementPlan, PlannedStatement } from './enforcement/enforcement-plan.ts'
export type { Migrations } from './enforcement/migrations.ts'
export type {
  Blocker,
  EnforceOptions,
  EnforceProgress,
  EnforceStep,
} from './enforcement/options.ts'
export type { Unenforced, UnenforceOptions } from './enforcement/unenforce.ts'
export { isDuplicate } from './explain/driver-error.ts'
export type { KeyDuplicates, KeyExplanation, TurnedAway } from './explain/explain-key.ts'
export type {
  CauseName,
  Explanation,
  Likelihood,
  Maker,
  WeighedCause,
} from './explain/explanation.ts'
export type { KeyClaim, KeyHistory, KeyMoment, KeyRow, KeyStep } from './explain/key-history.ts'
export type { ExplainOptions } from './explain/options.ts'
export type { Coverage } from './guards/coverage.ts'
export {
  type Child,
  type Guard,
  type GuardMatrix,
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
export type { CellKey, CellOptions, CellsOptions } from './matrix/cell.ts'
export type { Matrix, MatrixRow } from './matrix/matrix.ts'
export type { SpanOptions } from './matrix/span.ts'
export { MATRIX_STATES, type MatrixState } from './matrix/state.ts'
export type { DatabaseInput, Handle, Transaction } from './postgres/handle.ts'
export { type Migrated, migrationSql } from './postgres/migrate.ts'
export { Sql, sql } from './postgres/sql.ts'
export type { Uninstalled } from './postgres/uninstall.ts'
export type { Applied, ApplyOptions, RepairProgress } from './repair/apply.ts'
export type { Hazard, HazardCode } from './repair/hazard.ts'
export type { PlanOptions } from './repair/plan.ts'
export { readPlan } from './repair/read-plan.ts'
export type { PlannedChild, Prediction, RepairPlan } from './repair/repair-plan.ts'
export {
  REPAIR_STATES,
  type RepairFilter,
  type RepairState,
  type StoredRepair,
} from './repair/stored.ts'
export type { Undone, UndoOptions } from './repair/undo.ts'
export type { InsertOneResult, InsertResult } from './rows/insert.ts'
export type { InsertOptions } from './rows/options.ts'
export { rejectedVerdicts } from './rows/rejection.ts'
export type { InsertChunk, StreamOptions } from './rows/stream.ts'
export type { Cancelled, CancelOptions } from './runs/cancel.ts'
export {
  CLAIM_STATES,
  type ClaimCounts,
  type ClaimFilter,
  type StoredClaim,
} from './runs/claim-list.ts'
export {
  type AnyGenerator,
  type Days,
  type Expected,
  type Generator,
  type GeneratorOptions,
  generator,
  type InputSchema,
  type Item,
  isGenerator,
  type UnitOf,
  type UnitSource,
} from './runs/generator.ts'
export { RUN_STATES, type RunFilter, type RunStatus, type StoredRun } from './runs/list.ts'
export type { Progress, RunOptions } from './runs/options.ts'
export type { PreviewOptions, RunPreview } from './runs/preview.ts'
export type {
  ReconcileCounts,
  ReconciledPeriod,
  ReconcileOptions,
  Reconciliation,
} from './runs/reconcile.ts'
export type { RetryOptions } from './runs/resume.ts'
export type { RunEnd, RunResult } from './runs/run.ts'
export type { RunOneOptions, RunOneResult } from './runs/run-one.ts'
export type { UnitFilter, UnitVerdict } from './runs/units-of.ts'
