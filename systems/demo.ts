import { type DemoOptions, HELP, readOptions } from './demo-options.ts'

const EXIT_USAGE = 64

/**
 * What `npm start` runs. Its first line is out before anything heavy is loaded: the packages and
 * the systems come with the second import.
 */
async function main(): Promise<number> {
  let options: DemoOptions
  try {
    options = readOptions(process.argv.slice(2), process.env, process.stdout.isTTY === true)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${HELP}`)
    return EXIT_USAGE
  }
  if (options.help) {
    process.stdout.write(HELP)
    return 0
  }
  const out = options.json ? process.stderr : process.stdout
  out.write('Onceover: real incidents, first as the naive code made them, then guarded.\n')
  const [{ runDemo }, { serveLive }, { killedWorker }, ...systems] = await Promise.all([
    import('./run-demo.ts'),
    import('./live.ts'),
    import('./reports/killed.ts'),
    import('./reports/demo.ts'),
    import('./lessons/demo.ts'),
    import('./job-batches/demo.ts'),
    import('./class-sessions/demo.ts'),
    import('./snapshots/demo.ts'),
  ])
  const demos = [...systems.map(({ demo }) => demo), killedWorker]
  return runDemo(options, demos, serveLive)
}

process.exitCode = await main()
