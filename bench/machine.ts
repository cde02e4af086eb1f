import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import type pg from 'pg'

/** Where the figures come from. */
export interface Machine {
  readonly cores: number
  readonly cpu: string
  readonly memoryMb: number
  /** Load average of the last minute before the benchmarks. Above zero others took part. */
  readonly loadBefore: number
  readonly node: string
  readonly platform: string
  readonly postgres: string
  /** Settings of the server that decide about speed. */
  readonly settings: Readonly<Record<string, string>>
}

const SETTINGS = [
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'shared_buffers',
  'work_mem',
  'jit',
  'max_parallel_workers_per_gather',
]

const BYTES_PER_MB = 1_048_576

const selectSettings = 'SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name'

/** Asks the machine and the server what they are. */
export async function machineFacts(pool: pg.Pool): Promise<Machine> {
  const { rows: versions } = await pool.query<{ server_version: string }>('SHOW server_version')
  const { rows } = await pool.query<{ name: string; value: string }>(selectSettings, [SETTINGS])
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryMb: Math.round(totalmem() / BYTES_PER_MB),
    loadBefore: loadavg()[0] ?? 0,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    postgres: versions[0]?.server_version ?? 'unknown',
    settings: Object.fromEntries(rows.map(({ name, value }) => [name, value])),
  }
}
