import { readFileSync, statSync } from 'node:fs'
import { OnceoverError } from '../index.ts'
import type { Token } from '../server/server.ts'

/** Tokens, and what is to be said about where they were found. */
export interface GivenTokens {
  readonly tokens: readonly Token[]
  readonly warnings: readonly string[]
}

const wrong = (message: string, fix: string, cause?: unknown): OnceoverError =>
  new OnceoverError('USAGE', { message, fix, cause })

const FORM = 'Write one token per line, then a blank and whose it is, then `read` for a reader.'

function tokenOf(line: string, place: string): Token {
  const [token = '', actor = 'operator', right, ...more] = line.split(/\s+/)
  if ((right === undefined || right === 'read') && more.length === 0) {
    return { token, actor, write: right === undefined }
  }
  // The line is not shown: what it holds is a secret.
  throw wrong(`${place} is no token.`, FORM)
}

// An empty variable is one that somebody forgot to fill, and no wish to ask nobody.
function fromVariable(
  name: string,
  text: string | undefined,
  token: Omit<Token, 'token'>,
): Token[] {
  if (text === undefined) return []
  if (text !== '') return [{ token: text, ...token }]
  throw wrong(`${name} is set and empty.`, `Give it a token, or unset it.`)
}

const OTHERS = 0o077

function readTokens(file: string): GivenTokens {
  try {
    const lines = readFileSync(file, 'utf8').split('\n')
    const tokens = lines.flatMap((line, index) => {
      const text = line.trim()
      return text === '' || text.startsWith('#') ? [] : [tokenOf(text, `${file}:${index + 1}`)]
    })
    if (tokens.length === 0) throw wrong(`${file} has no token.`, FORM)
    const open = (statSync(file).mode & OTHERS) !== 0
    const warning = `warning: others on this machine may read ${file}: chmod 600 ${file}`
    return { tokens, warnings: open ? [warning] : [] }
  } catch (error) {
    if (error instanceof OnceoverError) throw error
    throw wrong(`The tokens in ${file} cannot be read.`, 'Name a file that can be read.', error)
  }
}

/**
 * The tokens of `onceover serve`: those of a file, of ONCEOVER_TOKEN and of ONCEOVER_READ_TOKEN.
 * They come by no option, since every user of a machine sees the arguments of its processes.
 *
 * @param file lines `TOKEN [ACTOR [read]]`; blank ones and those that begin with `#` are passed by
 * @throws OnceoverError USAGE for a file that has none or cannot be read, and an empty variable
 */
export function givenTokens(
  file: string | undefined,
  { ONCEOVER_TOKEN: all, ONCEOVER_READ_TOKEN: reading }: NodeJS.ProcessEnv,
): GivenTokens {
  const { tokens, warnings } = file === undefined ? { tokens: [], warnings: [] } : readTokens(file)
  return {
    tokens: [
      ...tokens,
      ...fromVariable('ONCEOVER_TOKEN', all, { actor: 'operator', write: true }),
      ...fromVariable('ONCEOVER_READ_TOKEN', reading, { actor: 'reader', write: false }),
    ],
    warnings,
  }
}
