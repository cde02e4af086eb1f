import { OnceoverError } from '../core/error.ts'
import { emptyTotals, type Totals, VERDICTS } from '../core/verdict.ts'
import type { Guard, KeyedRow, KeyOf } from '../guards/guard.ts'
import type { Environment } from './environment.ts'
import { type InsertResult, insertArray } from './insert.ts'
import type { InsertOptions } from './options.ts'
import { CHUNK_ROWS } from './write.ts'

/** How a stream is inserted. */
export interface StreamOptions extends InsertOptions {
  /** `reject` is refused: all or nothing needs all. */
  readonly onDuplicate?: 'skip' | 'replace' | 'allow'
  /** Rows of one transaction, from 1 to 10,000. Default 1,000. */
  readonly chunkRows?: number
}

/** One committed chunk of a stream: its verdicts, and the totals so far. */
export interface InsertChunk<Key> extends InsertResult<Key> {
  /** Index of the chunk's first row in the stream. */
  readonly offset: number
  /** Totals of the stream so far, this chunk included. */
  readonly totals: Totals
}

const MAX_CHUNK_ROWS = 10_000

function checkStream({ onDuplicate, chunkRows = CHUNK_ROWS }: StreamOptions): number {
  if ((onDuplicate as string) === 'reject') {
    throw new OnceoverError('INPUT_INVALID', {
      message: "onDuplicate: 'reject' is all or nothing, and a stream has no end to wait for.",
      fix: 'Pass an array, or use skip and read the verdicts.',
    })
  }
  if (!Number.isInteger(chunkRows) || chunkRows < 1 || chunkRows > MAX_CHUNK_ROWS) {
    throw new OnceoverError('INPUT_INVALID', {
      message: `chunkRows is ${chunkRows}; it is a whole number from 1 to ${MAX_CHUNK_ROWS}.`,
      fix: 'Leave it out: 1,000 rows are a good size.',
    })
  }
  return chunkRows
}

const isIterable = (rows: unknown): boolean =>
  typeof rows === 'object' &&
  rows !== null &&
  (Symbol.iterator in rows || Symbol.asyncIterator in rows)

async function* chunksOf<T>(rows: Iterable<T> | AsyncIterable<T>, size: number) {
  let chunk: T[] = []
  for await (const row of rows) {
    chunk.push(row)
    if (chunk.length === size) {
      yield chunk
      chunk = []
    }
  }
  if (chunk.length > 0) yield chunk
}

// Whoever starts again has to know what stays.
function interrupted(error: unknown, run: string | undefined, committed: Totals): OnceoverError {
  const words = error instanceof Error ? error.message : String(error)
  const stays = `${committed.rows} rows of the stream had been judged and stay so`
  const facts = { committed, ...(run !== undefined && { run }) }
  if (!(error instanceof OnceoverError)) {
    return new OnceoverError('SOURCE_FAILED', {
      message: `The source of the rows failed: ${words}. ${stays}.`,
      details: facts,
      cause: error,
    })
  }
  return new OnceoverError(error.code, {
    message: `${words} (${stays})`,
    fix: error.fix,
    details: { ...error.details, ...facts },
    cause: error.cause,
  })
}

/** Inserts a stream of rows, a transaction for each chunk; see `Onceover.insertStream`. */
export async function* insertStream<G extends Guard>(
  environment: Environment,
  guard: G,
  rows: Iterable<KeyedRow<G>> | AsyncIterable<KeyedRow<G>>,
  options: StreamOptions,
): AsyncGenerator<InsertChunk<KeyOf<G>>, void, undefined> {
  const size = checkStream(options)
  if (!isIterable(rows)) {
    throw new OnceoverError('INPUT_INVALID', {
      message: 'The rows are neither an iterable nor an async iterable.',
      fix: 'Pass an array, a generator, a readable stream of objects, or any other iterable.',
    })
  }
  const totals = emptyTotals()
  let offset = 0
  let run: string | undefined
  try {
    for await (const chunk of chunksOf(rows, size)) {
      const shape = { offset, run, allColumns: false }
      const result = await insertArray(environment, guard, chunk, options, shape)
      for (const name of VERDICTS) totals[name] += result.totals[name]
      totals.rows += chunk.length
      run = result.run
      yield { ...result, offset, totals: { ...totals } }
      offset += chunk.length
    }
  } catch (error) {
    throw interrupted(error, run, { ...totals })
  }
}
