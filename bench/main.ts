import { writeFile } from 'node:fs/promises'
import { Argument, Command, CommanderError } from 'commander'
import { OnceoverError } from 'onceover'
import { openDatabase } from './database.ts'
import { reportLines } from './report.ts'
import { BENCHMARKS, type BenchmarkName, runBenchmarks } from './runner.ts'
import { wholeNumber } from './sizes.ts'

interface Options {
  readonly db?: string
  readonly json?: string
  readonly rounds?: number
}

const EXIT_USAGE = 64
const EXIT_INTERRUPTED = 130

const say = (line: string) => process.stderr.write(`${line}\n`)

async function bench(names: readonly BenchmarkName[], options: Options): Promise<void> {
  const database = await openDatabase(options.db ?? (process.env.DATABASE_URL || undefined))
  // Also in the middle no database of ours stays behind on somebody's server.
  const interrupt = () => {
    process.on('uncaughtException', () => undefined)
    database.close().finally(() => process.exit(EXIT_INTERRUPTED))
  }
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    const report = await runBenchmarks(names, { ...options, url: database.url, progress: say })
    const json = `${JSON.stringify(report, null, 2)}\n`
    const text = `${reportLines(report).join('\n')}\n`
    if (options.json === '-') {
      process.stdout.write(json)
      process.stderr.write(text)
    } else {
      process.stdout.write(text)
      if (options.json !== undefined) await writeFile(options.json, json)
    }
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
    await database.close()
  }
}

const program = new Command('bench')
  .description('Measures Onceover beside raw SQL that does the same, in turn on one server.')
  .addArgument(new Argument('[names...]', 'which; all by default').choices(Object.keys(BENCHMARKS)))
  .option('--db <url>', 'a server, in a database of its own; wins over DATABASE_URL')
  .option('--rounds <number>', 'how often each is repeated', (text) =>
    wholeNumber(text, '--rounds'),
  )
  .option('--json <file>', 'where to write the results as JSON; - is stdout')
  .exitOverride()
  .action((names: readonly BenchmarkName[], options: Options) => bench(names, options))

try {
  await program.parseAsync()
} catch (error) {
  const usage = error instanceof CommanderError || error instanceof RangeError
  if (error instanceof RangeError) say(`error: ${error.message}`)
  else if (error instanceof OnceoverError) say(`error: ${error.message}\n  fix: ${error.fix}`)
  else if (!usage) say(`error: ${error instanceof Error ? error.message : String(error)}`)
  const exit = error instanceof CommanderError ? error.exitCode : 1
  process.exitCode = exit === 0 ? 0 : usage ? EXIT_USAGE : 1
}
