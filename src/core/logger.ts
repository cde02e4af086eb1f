/** One level of a logger: facts first, then the message, as pino takes them. */
export type Log = (facts: Readonly<Record<string, unknown>>, message: string) => void

/** Where Onceover tells what it did. A pino logger fits as it is. */
export interface Logger {
  readonly debug: Log
  readonly info: Log
  readonly warn: Log
  readonly error: Log
}

const silence: Log = () => {}

/** Says nothing: the logger where none is given. */
export const silentLogger: Logger = Object.freeze({
  debug: silence,
  info: silence,
  warn: silence,
  error: silence,
})
