import {
  type AnyGenerator,
  type Guard,
  type InsertOptions,
  type InsertResult,
  isGenerator,
  type Logger,
  type Onceover,
  OnceoverError,
  type RowValues,
} from '../index.ts'

/** Somebody who may ask. */
export interface Token {
  /** At least 32 characters: `openssl rand -base64 32`. */
  readonly token: string
  /** Who it is: recorded with everything that is done with it. */
  readonly actor: string
  /** Whether it may change anything, where the server may. Default: false. */
  readonly write?: boolean
}

/** Makes rows of a guard with all that belongs to them; stands in for `once.insert`. */
export type CreateRows = (
  rows: readonly RowValues[],
  options: Pick<InsertOptions, 'onDuplicate' | 'reason' | 'actor'>,
) => Promise<InsertResult>

/** What a server shows, and who may do what. */
export interface ServerOptions {
  readonly once: Onceover
  readonly guards: readonly Guard[]
  /** The generators; each is known by the name of its guard. */
  readonly generators?: readonly AnyGenerator[]
  /** Whether anything can be changed. Default: false. */
  readonly write?: boolean
  /** Who may ask. Without any, whoever reaches the server may: let it listen on loopback only. */
  readonly tokens?: readonly Token[]
  /**
   * Names by which it may be asked, such as `ops.example.org` or `ops.example.org:8443`; one
   * without a port stands for every port. Default: those of loopback, which `listen()` always adds.
   */
  readonly hosts?: readonly string[]
  /**
   * Other origins, such as `https://ops.example.org`, whose pages may ask: where a proxy changes
   * the header Host. Pages elsewhere cannot read the answers in any case: CORS is never granted.
   */
  readonly origins?: readonly string[]
  /** Where the server is mounted, such as `/ops`; of a request that comes with its whole path. */
  readonly basePath?: string
  /** Shown as a badge: `production`, `staging`. */
  readonly environment?: string
  /** Parts of keys whose values are not logged; `*` is every part. */
  readonly redact?: readonly string[]
  /** How rows of a guard are made, by its name, where a row alone is not all. */
  readonly create?: Readonly<Record<string, CreateRows>>
  /** Default: what is given to `onceover()` hears of its own work only; requests go nowhere. */
  readonly logger?: Logger
  /** The largest body of a request. Default: 1 MiB. */
  readonly bodyLimitBytes?: number
}

const SHORTEST_TOKEN = 32

const refuse = (message: string, fix: string): never => {
  throw new OnceoverError('SERVER_INVALID', { message, fix })
}

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text

// Only what a header can carry as it is.
const isSendable = (token: string): boolean => /^[\x21-\x7e]+$/.test(token)

function checkTokens(tokens: readonly Token[] | undefined): void {
  if (tokens === undefined) return
  if (tokens.length === 0) {
    refuse(
      'The list of tokens is empty: whoever reaches the server could ask it.',
      'Fill it, or leave `tokens` out if that is meant.',
    )
  }
  for (const { token, actor } of tokens) {
    if (typeof token !== 'string' || token.length < SHORTEST_TOKEN) {
      refuse(
        `The token of ${actor} is shorter than ${SHORTEST_TOKEN} characters.`,
        'Make one that cannot be guessed: openssl rand -base64 32.',
      )
    }
    if (!isSendable(token)) {
      refuse(`The token of ${actor} has blanks or letters that no header carries.`, 'Make another.')
    }
    if (typeof actor !== 'string' || actor.trim() === '') {
      refuse('A token has no actor.', 'Say whose it is: it is recorded with what is done with it.')
    }
  }
  if (new Set(tokens.map(({ token }) => token)).size < tokens.length) {
    refuse('A token is given twice.', 'Give everybody a token of their own.')
  }
}

const HOST = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/

function checkPlaces({ hosts = [], origins = [], basePath = '' }: ServerOptions): void {
  const strange = hosts.find((host) => !HOST.test(host))
  if (strange !== undefined) {
    refuse(`${strange} is no name of a host.`, 'Write it as ops.example.org, in lower case.')
  }
  const wrong = origins.find((origin) => !isOrigin(origin))
  if (wrong !== undefined) refuse(`${wrong} is no origin.`, 'Write it as https://ops.example.org.')
  if (basePath !== '' && !/^(\/[\w.~-]+)+$/.test(basePath)) {
    refuse(`${basePath} is no base path.`, 'Write it as /ops, without a slash at its end.')
  }
}

// A part that is misspelled would be logged.
function checkRedacted({ guards, redact = [] }: ServerOptions): void {
  const parts = new Set(['*', ...guards.flatMap(({ key }) => Object.keys(key))])
  const unknown = redact.find((part) => !parts.has(part))
  if (unknown !== undefined)
    refuse(`No guard has a part ${unknown} to redact.`, 'Name a part, or *.')
}

/** @throws OnceoverError SERVER_INVALID naming what cannot be served, or not safely */
export function checkServerOptions(options: ServerOptions): void {
  const { guards, generators = [], create = {}, bodyLimitBytes = 1 } = options
  const names = guards.map(({ name }) => name)
  const twice = names.find((name, place) => names.indexOf(name) !== place)
  if (twice !== undefined) refuse(`Two guards are called ${twice}.`, 'Give each a name of its own.')
  for (const generator of generators) {
    if (!isGenerator(generator)) refuse('A generator was not made by generator().', 'Declare it.')
    if (!names.includes(generator.guard.name)) {
      refuse(
        `The generator of ${generator.guard.name} has a guard that is not served.`,
        'Give its guard too.',
      )
    }
  }
  for (const name of Object.keys(create)) {
    if (!names.includes(name)) refuse(`There is no guard ${name} to create rows of.`, 'Name one.')
  }
  if (!Number.isSafeInteger(bodyLimitBytes) || bodyLimitBytes < 1) {
    refuse(`${bodyLimitBytes} is no limit of a body.`, 'Give a whole number of bytes.')
  }
  checkPlaces(options)
  checkRedacted(options)
  checkTokens(options.tokens)
}
