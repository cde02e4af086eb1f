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
  if (!options.live) {
    out.write('Onceover: real incidents, first as the naive code made them, then guarded.\n')
  }
  const { runDemo } = await import('./run-demo.ts')
  const { serveLive } = await import('./live.ts')
  const demos = options.live ? [] : await allDemos()
  return runDemo(options, demos, serveLive)
}

const allDemos = () =>
  Promise.all([
    import('./reports/demo.ts').then(({ demo }) => demo),
    import('./lessons/demo.ts').then(({ demo }) => demo),
    import('./job-batches/demo.ts').then(({ demo }) => demo),
    import('./class-sessions/demo.ts').then(({ demo }) => demo),
    import('./snapshots/demo.ts').then(({ demo }) => demo),
    import('./reports/killed.ts').then(({ killedWorker }) => killedWorker),
  ])

process.exitCode = await main()
