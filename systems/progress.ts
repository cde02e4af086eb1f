/** Says on stderr what is going on, so that stdout holds the results alone. */
export interface Progress {
  /** Whether a status goes when the next line comes. */
  readonly isLive: boolean
  /** A line that stays. */
  readonly say: (line: string) => void
  /** What is being done now: at a terminal, the next line takes its place. */
  readonly status: (line: string) => void
  /** Takes the last status away. */
  readonly clear: () => void
}

const CLEAR_LINE = '\r\u001b[K'

/** Progress on a stream; where that is no terminal, or a dumb one, every status stays as a line. */
export function progressOn(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Progress {
  const live = Boolean(stream.isTTY) && environment.TERM !== 'dumb'
  let shown = false
  const clear = () => {
    if (shown) stream.write(CLEAR_LINE)
    shown = false
  }
  const say = (line: string) => {
    clear()
    stream.write(`${line}\n`)
  }
  return {
    isLive: live,
    say,
    clear,
    status: live
      ? (line) => {
          clear()
          // A line that wrapped could not be taken away again.
          stream.write(line.slice(0, (stream.columns ?? line.length + 1) - 1))
          shown = true
        }
      : say,
  }
}
