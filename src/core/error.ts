import { ERRORS, type ErrorCode } from './error-catalogue.ts'

/** What an error is made of, besides its code. */
export interface ErrorParts {
  /** The fact and its cause, in one or two sentences. */
  readonly message: string
  /** What to do about it; the catalogue's fix where omitted. */
  readonly fix?: string
  /** Machine-readable facts: names, keys, counts. Never a password. */
  readonly details?: Readonly<Record<string, unknown>>
  /** The error underneath. */
  readonly cause?: unknown
}

/** The one error class of Onceover: what happened, why, and the fix, under a stable `code`. */
export class OnceoverError extends Error {
  readonly code: ErrorCode
  readonly fix: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, parts: ErrorParts) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause })
    this.name = 'OnceoverError'
    this.code = code
    this.fix = parts.fix ?? ERRORS[code].fix
    this.details = parts.details ?? {}
  }

  /** The exit code with which a command ends on this error. */
  get exitCode(): number {
    return ERRORS[this.code].exitCode
  }

  /** The shape of the error in JSON: the same for the CLI and for HTTP. */
  toJSON(): Record<string, unknown> {
    return { code: this.code, message: this.message, fix: this.fix, details: this.details }
  }
}

/** What was said underneath: the words of the error that one of ours was made of, or its own. */
export const causeOf = (error: unknown): string => {
  const cause = error instanceof OnceoverError ? (error.cause ?? error) : error
  return cause instanceof Error ? cause.message : String(cause)
}
