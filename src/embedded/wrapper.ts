import { spawn } from 'node:child_process'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { type Account, asAccount } from './account.ts'

/**
 * The shell script between us and the server; it outlives us, however we end.
 *
 * Arguments: the log file, the directory to remove at the end (or an empty string), the server and
 * its arguments. It prints the server's pid. Standard input is a pipe whose other end we hold: its
 * end of file means that we stop the server, or are gone, even by SIGKILL.
 *
 * SIGINT asks PostgreSQL for a fast shutdown. It is repeated because a background job of a shell
 * ignores SIGINT until PostgreSQL has put its own handler in place; after a minute SIGQUIT follows.
 *
 * The directory goes only when we asked for the end: after a failed start we still read its log.
 */
const WRAPPER = `
log=$1 ephemeral=$2
shift 2
exec 3<&0 </dev/null
"$@" 3<&- >"$log" 2>&1 &
server=$!
echo "$server"
exec >/dev/null 2>&1
(
  read -r _ <&3
  [ -z "$ephemeral" ] || : >"$ephemeral/closing"
  seconds=0
  while kill -INT "$server"; do
    sleep 1
    seconds=$((seconds + 1))
    [ "$seconds" -lt 60 ] || kill -QUIT "$server"
  done
) &
reader=$!
wait "$server"
code=$?
kill "$reader"
[ -z "$ephemeral" ] || [ ! -e "$ephemeral/closing" ] || rm -rf -- "$ephemeral"
exit "$code"
`

/** What the wrapper runs, and for whom. */
export interface WrapperOptions {
  readonly account: Account | undefined
  readonly log: string
  /** The directory that goes with the server; an empty string for none. */
  readonly removeAtEnd: string
  /** The server and its arguments. */
  readonly command: readonly string[]
}

/** A running wrapper. */
export interface Wrapper {
  /** The pid of the server; `undefined` when the wrapper could not even start. */
  readonly serverPid: Promise<number | undefined>
  /** Resolves when the wrapper is gone, with the error when it could not be started. */
  readonly ended: Promise<Error | undefined>
  hasEnded(): boolean
  /** Lets the process end while the server runs; that is then what stops it. */
  unref(): void
  /** Asks for the end. */
  close(): void
}

/** Starts the wrapper around a server. */
export function spawnWrapper(options: WrapperOptions): Wrapper {
  const args = [options.log, options.removeAtEnd, ...options.command]
  // A session of its own: Ctrl-C in the terminal reaches us, and the server through us alone.
  const child = spawn('/bin/sh', ['-c', WRAPPER, 'onceover-postgres', ...args], {
    ...asAccount(options.account),
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' },
  })
  child.stdin.on('error', () => undefined) // It may be gone before we close our end.
  let gone = false
  const ended = new Promise<Error | undefined>((resolve) => {
    child.once('error', resolve)
    child.once('exit', () => resolve(undefined))
  }).finally(() => {
    gone = true
  })
  return {
    serverPid: Promise.race([readPid(child.stdout), ended.then(() => undefined)]),
    ended,
    hasEnded: () => gone,
    unref: () => {
      child.unref()
      if (child.stdin instanceof Socket) child.stdin.unref()
    },
    close: () => {
      child.ref()
      child.stdin.end()
    },
  }
}

async function readPid(stdout: Readable): Promise<number | undefined> {
  let text = ''
  for await (const chunk of stdout) text += String(chunk)
  return text === '' ? undefined : Number(text)
}
