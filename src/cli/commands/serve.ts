import { EXIT, type Logger, type Onceover } from '../../index.ts'
import { type Listening, listen, type ServerOptions, server } from '../../server/server.ts'
import { type Config, readConfig } from '../config.ts'
import { connected, type DatabaseOptions } from '../connect.ts'
import { chooseGuards } from '../guards.ts'
import { given, wholeNumber } from '../option-values.ts'
import type { Output } from '../output.ts'
import { stoppable } from '../stop.ts'
import { givenTokens } from '../tokens.ts'

/** Options of `onceover serve`. */
export interface ServeOptions extends DatabaseOptions {
  readonly port?: string
  readonly host?: string
  readonly write?: boolean
  readonly tokenFile?: string
  readonly allowHost?: readonly string[]
  readonly allowOrigin?: readonly string[]
  readonly basePath?: string
  readonly environment?: string
}

const MOST_PORT = 65_535

const NO_GUARDS = 'Create onceover.config.ts with the guards, or name the file with --config.'

function loggerOf(out: Output): Logger {
  const say: Logger['error'] = (facts, message) =>
    out.progress(`${message} ${JSON.stringify(facts)}`)
  return { debug: () => {}, info: () => {}, warn: say, error: say }
}

/** The guards of a configuration, those of its generators included. */
function guardsOf(config: Config) {
  const own = config.generators.map(({ generator }) => generator.guard)
  const others = own.filter(
    ({ name }, place) =>
      own.findIndex((each) => each.name === name) === place &&
      config.guards.every((each) => each.name !== name),
  )
  return chooseGuards({ ...config, guards: [...config.guards, ...others] }, [])
}

function serverOptions(
  once: Onceover,
  config: Config,
  options: ServeOptions,
  out: Output,
): ServerOptions {
  const { write = false, allowHost = [], allowOrigin = [], basePath, environment } = options
  const { tokens, warnings } = givenTokens(options.tokenFile, process.env)
  for (const warning of warnings) out.progress(warning)
  const { hosts = [], origins = [], ...declared } = config.server
  return {
    ...declared,
    once,
    guards: guardsOf(config),
    generators: config.generators.map(({ generator }) => generator),
    write,
    ...(tokens.length > 0 && { tokens }),
    hosts: [...hosts, ...allowHost],
    origins: [...origins, ...allowOrigin],
    logger: loggerOf(out),
    ...given({ basePath, environment }),
  }
}

function announce({ url }: Listening, { once, write, tokens = [] }: ServerOptions, out: Output) {
  if (out.json) out.record({ url, target: once.target, write })
  else out.line(url)
  const right = write ? 'may write' : 'read-only: --write lets it change things'
  const who = tokens.length === 0 ? 'nobody is asked for a token' : `tokens: ${tokens.length}`
  out.progress(`on ${once.target}; ${right}; ${who}. Ctrl-C ends it.`)
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** `onceover serve`: the API and the dashboard, until a signal comes. */
export async function run(
  _names: readonly string[],
  options: ServeOptions,
  out: Output,
): Promise<number> {
  const port =
    options.port === undefined ? undefined : wholeNumber('--port', options.port, { to: MOST_PORT })
  const config = await readConfig(options.config, NO_GUARDS)
  const serve = (once: Onceover) =>
    stoppable(async (signal) => {
      const declared = serverOptions(once, config, options, out)
      const listening = await listen(server(declared), given({ port, host: options.host }))
      announce(listening, declared, out)
      await aborted(signal)
      out.progress('Stopping: what runs is finished, the rest given back. Again ends it at once.')
      await listening.close()
      return EXIT.ok
    })
  return connected(options, out, serve, config)
}
