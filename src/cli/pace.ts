import type { ApplyOptions } from '../index.ts'
import { byteSize, given, wholeNumber } from './option-values.ts'

/** How fast a repair may go, and who applies it. */
export interface PaceOptions {
  readonly batchMs?: string
  readonly wal?: string
  readonly actor?: string
}

const BATCH_MS = { from: 1, to: 60_000 }

/** @throws OnceoverError USAGE for what is no number, or no size */
export const paceOf = ({
  batchMs,
  wal,
  actor,
}: PaceOptions): Pick<ApplyOptions, 'actor' | 'batchMs' | 'walBytesPerS'> =>
  given({
    actor,
    batchMs: batchMs === undefined ? undefined : wholeNumber('--batch-ms', batchMs, BATCH_MS),
    walBytesPerS: wal === undefined ? undefined : byteSize('--wal', wal),
  })
