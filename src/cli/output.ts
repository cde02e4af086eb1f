import pc from 'picocolors'
import { EXIT, OnceoverError } from '../index.ts'
import { broken, printable, shorten } from './text.ts'

// How wide `what` and the like are with the blanks after them.
const LABEL = 7

type Colors = ReturnType<typeof pc.createColors>

/** Where a command writes: a process, or what a test puts in its place. */
export interface Streams {
  readonly stdout: Pick<NodeJS.WriteStream, 'write'> & Partial<NodeJS.WriteStream>
  readonly stderr: Pick<NodeJS.WriteStream, 'write'> & Partial<NodeJS.WriteStream>
  readonly env: Readonly<Record<string, string | undefined>>
}

const colorsOf = (stream: Streams['stdout'], env: Streams['env']): Colors =>
  pc.createColors(stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb')

// The causes of an error that its message does not say already.
function* reasons(error: Error): Generator<string> {
  let said = error.message
  let current = error.cause
  for (let depth = 0; depth < 5 && current instanceof Error; depth++) {
    // One of ours only repeats, with the target before it, what its own cause says.
    const ours = current instanceof OnceoverError && current.cause !== undefined
    if (!ours && current.message && !said.includes(current.message)) {
      said += current.message
      yield current.message
    }
    current = current.cause
  }
}

function unexpected(error: unknown): OnceoverError {
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new OnceoverError('UNEXPECTED', { message: words, cause: error })
}

/** What a command says: data on stdout, everything else on stderr. */
export class Output {
  /** Whether data and errors are JSON, one object per line. */
  readonly json: boolean
  /** Colours of stdout: none unless it is a terminal. */
  readonly colors: Colors
  /** Columns of the terminal; Infinity where stdout is none. */
  readonly columns: number
  readonly #streams: Streams
  readonly #notes: Colors
  /** Columns for a line that is written over; 0 where stderr cannot do that. */
  readonly #room: number
  /** Columns for prose on stderr; Infinity where that is no terminal. */
  readonly #width: number
  #live = false

  constructor(streams: Streams, json: boolean) {
    const { stdout, stderr, env } = streams
    this.json = json
    // A terminal that does not know its size says 0.
    this.columns = stdout.isTTY ? stdout.columns || 80 : Number.POSITIVE_INFINITY
    this.#streams = streams
    this.colors = colorsOf(stdout, env)
    this.#notes = colorsOf(stderr, env)
    this.#width = stderr.isTTY ? stderr.columns || 80 : Number.POSITIVE_INFINITY
    this.#room = stderr.isTTY && env.TERM !== 'dumb' ? (stderr.columns || 80) - 1 : 0
  }

  /** Takes the live line away: whatever is printed next would stand behind it. */
  clear(): void {
    if (this.#live) this.#streams.stderr.write('\r\u001b[K')
    this.#live = false
  }

  /** A line on stderr that the next one takes the place of; nothing off a terminal. */
  live(text: string): void {
    if (this.#room <= 0) return
    this.clear()
    this.#streams.stderr.write(this.#notes.dim(shorten(printable(text), this.#room)))
    this.#live = true
  }

  /** A line for people, on stdout. */
  line(text = ''): void {
    this.clear()
    this.#streams.stdout.write(`${text}\n`)
  }

  /** A JSON object on a line of its own, on stdout. */
  record(value: unknown): void {
    this.line(JSON.stringify(value))
  }

  /** A line about the work and not of its result, on stderr. */
  progress(text: string): void {
    this.clear()
    this.#streams.stderr.write(`${this.#notes.dim(broken(printable(text), this.#width))}\n`)
  }

  /**
   * Prints an error: its code, what happened, why and the fix. With `--json` also as
   * `{"error":{…}}` on stdout.
   *
   * @returns the exit code with which the command ends
   */
  error(thrown: unknown): number {
    const error = thrown instanceof OnceoverError ? thrown : unexpected(thrown)
    const { detail } = error.details
    const why = [...(typeof detail === 'string' ? [detail] : []), ...reasons(error)]
    const { red, bold } = this.#notes
    this.clear()
    const prose = (text: string) => broken(printable(text), this.#width, ' '.repeat(LABEL))
    const lines = [
      `${red(bold('error'))}  ${bold(error.code)}`,
      `what   ${prose(error.message)}`,
      ...(error.code === 'UNEXPECTED' ? [] : why).map((text) => `why    ${prose(text)}`),
      `fix    ${prose(error.fix)}`,
    ]
    this.#streams.stderr.write(`${lines.join('\n')}\n`)
    if (this.json) this.record({ error })
    return error.exitCode || EXIT.error
  }
}

/** What the rendering of a report needs to know of where it goes. */
export type Page = Pick<Output, 'colors' | 'columns'>
