import { OnceoverError, onceover } from 'onceover'
import pg from 'pg'
import { styleOf, wrap } from './console.ts'
import { readKeys } from './keyboard.ts'
import type { Listening } from './listen.ts'
import { type LiveKey, liveKeys } from './live-keys.ts'
import type { Example, Told } from './live-system.ts'
import { type Progress, progressOn } from './progress.ts'
import {
  closeSystems,
  DASHBOARD,
  furnish,
  type LiveSystems,
  type SystemsOptions,
  startSystems,
} from './server.ts'

const PORT = 4100
const CONNECTIONS = 16
const INDENT = '   '

/**
 * Furnishes an empty database with the systems, serves them and the dashboard, and takes keys until
 * `q`, Ctrl-C or SIGTERM.
 *
 * @param url of the database, which must be empty
 */
export async function serveLive(url: string): Promise<void> {
  const screen = progressOn(process.stdout, process.env)
  const quit = new AbortController()
  const stop = () => quit.abort()
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS })
  pool.on('error', () => undefined)
  const once = await onceover({ db: pool, worker: 'the server' })
  let furnishing: Promise<LiveSystems> | undefined
  let listening: Listening | undefined
  try {
    furnishing = furnish({ once, pool, url })
    screen.status('furnishing the five systems around today …')
    const systems = await unlessQuit(furnishing, quit.signal)
    if (!systems) return
    listening = await startOn(PORT, { once, pool, url }, systems)
    await takeKeys(screen, systems, listening.url, quit)
  } finally {
    screen.say('stopping …')
    await listening?.close()
    await once.close()
    // Of furnishing that was broken off, what had begun is closed by itself.
    const systems = await furnishing?.catch(() => undefined)
    if (systems) await closeSystems(systems)
    await pool.end()
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

function unlessQuit<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const quit = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  // What breaks when everything ends is nobody's failure.
  work.catch(() => undefined)
  return Promise.race([work, quit])
}

const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'

/** On a port that is always the same, so that an open page finds it again; else on any free one. */
function startOn(port: number, options: SystemsOptions, systems: LiveSystems): Promise<Listening> {
  return startSystems(options, systems, port).catch((error: unknown) => {
    if (isTaken(error)) return startSystems(options, systems)
    throw error
  })
}

async function takeKeys(
  screen: Progress,
  systems: LiveSystems,
  server: string,
  quit: AbortController,
): Promise<void> {
  const keys = liveKeys(systems)
  const page = `${server}${DASHBOARD}/`
  const { columns } = styleOf(process.stdout, process.env)
  const say = (name: string, text: string) => {
    const [first = '', ...rest] = wrap(text, columns, INDENT)
    for (const line of [`${name}${first.slice(name.length)}`, ...rest]) screen.say(line)
  }
  let busy: LiveKey | undefined
  const foot = () => {
    if (quit.signal.aborted) return
    if (busy) screen.status(`${busy.key}  ${busy.doing} …`)
    // Where it cannot be redrawn it stands once, above everything.
    else if (screen.isLive) screen.status(helpLine(keys))
  }
  const press = async (name: string) => {
    const key = keys.find((each) => each.key === name)
    if (name === 'q') quit.abort()
    else if (name === 'o') tell(name, { says: 'The dashboard:', see: '' })
    else if (key && busy) say(name, `Not yet: ${busy.doing}.`)
    else if (key) await act(key)
    if (screen.isLive) foot()
  }
  const tell = (name: string, { says, see }: Told) => {
    say(name, says)
    screen.say(`${INDENT}${page}${see}`)
  }
  const act = async (key: LiveKey) => {
    busy = key
    foot()
    await key.press().then(
      (told) => tell(key.key, told),
      (error: unknown) => {
        if (!quit.signal.aborted) say(key.key, failure(error))
      },
    )
    busy = undefined
  }
  greeting(page, systems, columns).forEach(screen.say)
  if (!screen.isLive) screen.say(helpLine(keys))
  const release = readKeys(process.stdin, (name) => void press(name))
  foot()
  await new Promise<void>((resolve) => {
    quit.signal.addEventListener('abort', () => resolve(), { once: true })
    if (quit.signal.aborted) resolve()
  })
  release()
}

const helpLine = (keys: readonly LiveKey[]): string =>
  [...keys.map(({ key, short }) => `${key} ${short}`), 'o URL', 'q quit'].join(' · ')

function failure(error: unknown): string {
  if (error instanceof OnceoverError) return `${error.code}: ${error.message} ${error.fix}`
  return `It failed: ${error instanceof Error ? error.message : error}`
}

function greeting(page: string, systems: LiveSystems, columns: number): string[] {
  const planted = Object.entries(systems).flatMap(([, system]) => {
    const { says, see } = system.planted as Told
    return [...wrap(says, columns, INDENT), `${INDENT}${page}${see}`]
  })
  const { example } = systems.batches
  return [
    '',
    'The systems live in one database now, around today:',
    '',
    ...planted,
    '',
    'Their own routes are on the same server. Send this twice:',
    '',
    ...curl(page.slice(0, -DASHBOARD.length - 1), example),
    '',
    `The dashboard:  ${page}`,
    '',
  ]
}

const curl = (server: string, { path, body }: Example): string[] => [
  `   curl -s -H 'content-type: application/json' -d '${JSON.stringify(body)}' \\`,
  `     ${server}${path}`,
]
