import { column, EXIT, type Guard, guard, type Onceover, OnceoverError } from '../../index.ts'
import { type Config, readConfig } from '../config.ts'
import { connected, type DatabaseOptions } from '../connect.ts'
import { chooseGuards, eachGuard } from '../guards.ts'
import { PageFile } from '../html/page-file.ts'
import type { Output } from '../output.ts'
import { renderScan } from '../scan-report.ts'

/** Options of `onceover scan`. */
export interface ScanOptions extends DatabaseOptions {
  /** A table without a declared guard. */
  readonly table?: string
  /** Its key: names of columns with commas between them. */
  readonly key?: string
  /** The predicate of the rows that the key binds. */
  readonly where?: string
  /** Whether to read when the excess rows were made. */
  readonly growth?: boolean
  /** The file for a report with charts. */
  readonly html?: string
}

const usage = (message: string): OnceoverError =>
  new OnceoverError('USAGE', {
    message,
    fix: 'onceover scan --db URL --table TABLE --key a,b [--where SQL], or onceover scan [GUARD…]',
  })

function guardOf({ table, key, where }: ScanOptions): Guard {
  if (!table || !key) throw usage('--table and --key are needed together.')
  const names = key.split(',').map((name) => name.trim())
  if (names.includes('')) throw usage(`--key ${key} names an empty column.`)
  const twice = names.find((name, place) => names.indexOf(name) !== place)
  if (twice !== undefined) throw usage(`--key ${key} names the column ${twice} twice.`)
  return guard(table, {
    table,
    key: Object.fromEntries(names.map((name) => [name, column()])),
    ...(where === undefined ? {} : { where }),
  })
}

async function choose(
  names: readonly string[],
  options: ScanOptions,
): Promise<{ guards: readonly Guard[]; config?: Config }> {
  const { table, key, where } = options
  if (table === undefined && key === undefined && where === undefined) {
    const config = await readConfig(options.config)
    return { guards: chooseGuards(config, names), config }
  }
  if (names.length > 0) throw usage('Name guards, or a table and its key, but not both.')
  return { guards: [guardOf(options)] }
}

const scanEach = (
  guards: readonly Guard[],
  once: Onceover,
  out: Output,
  { growth = false, html }: ScanOptions,
  page: PageFile,
): Promise<number> =>
  eachGuard(guards, out, async (each) => {
    out.progress(`scanning ${each.table} on ${once.target}`)
    const reports = await page.collect(
      each,
      once.scan(each, { growth: growth || html !== undefined }),
    )
    for (const report of reports) {
      if (out.json) out.record(report)
      else for (const line of renderScan(report, out)) out.line(line)
    }
    return reports.some(({ findings }) => findings.length > 0) ? EXIT.findings : EXIT.ok
  })

async function scanAll(
  guards: readonly Guard[],
  once: Onceover,
  out: Output,
  options: ScanOptions,
): Promise<number> {
  const page = await PageFile.open(options.html)
  const code = await scanEach(guards, once, out, options, page)
  const file = await page.write()
  if (file !== undefined) out.progress(`wrote ${file}`)
  return code
}

/** `onceover scan`: reads guarded tables and says what is wrong with them. */
export async function run(
  names: readonly string[],
  options: ScanOptions,
  out: Output,
): Promise<number> {
  const { guards, config } = await choose(names, options)
  return connected(options, out, (once) => scanAll(guards, once, out, options), config)
}
