import type { ViolationKind } from './violation.ts'

const PATTERNS: readonly (readonly [pattern: RegExp, kind: ViolationKind])[] = [
  [/duplicate key value violates unique constraint/i, 'unique'],
  [/unique constraint failed on the/i, 'unique'],
  [/conflicting key value violates exclusion constraint/i, 'exclusion'],
  [/null value in column ".+" of relation ".+" violates not-null constraint/i, 'not_null'],
]

/** What an English message of PostgreSQL or Prisma is about; undefined for any other. */
export const messageKind = (message: string): ViolationKind | undefined =>
  PATTERNS.find(([pattern]) => pattern.test(message))?.[1]

// The message ends with the name, whatever quotes the name has inside.
const ENGLISH = /(?:unique|exclusion) constraint "(.+)"/
// PostgreSQL's quotes in its languages; inside a JSON text they are escaped.
const QUOTED = [
  /\\"(.+?)\\"/g,
  /"((?:[^"]|"")+)"/g,
  /«\s*([^«»]+?)\s*»/gu,
  /»\s*([^«»]+?)\s*«/gu,
  /„([^“”"]+)[“”"]/g,
  /“([^“”]+)”/g,
  /`([^`]+)`/g,
]

/** Names that a message puts in quotes, whatever its language: that of the constraint first. */
export function namesIn(message: string): readonly string[] {
  const [line = ''] = message.split('\n')
  const english = ENGLISH.exec(line)?.[1]
  const quoted = QUOTED.flatMap((pattern) =>
    [...line.matchAll(pattern)].map(([, name = '']) => name.replaceAll('""', '"')),
  )
  return [...new Set([...(english ? [english] : []), ...quoted])]
}

/** The column and the table of `null value in column "a" of relation "t" violates …`. */
export function nullColumn(message: string): { column: string; table: string } | undefined {
  const match = /column "(.+)" of relation "(.+)" violates not-null/.exec(message)
  return match ? { column: match[1] ?? '', table: match[2] ?? '' } : undefined
}

/** The columns of Prisma's ``Unique constraint failed on the fields: (`a`,`b`)``. */
export function failedFields(message: string): readonly string[] | undefined {
  const match = /unique constraint failed on the fields: \((.+?)\)/i.exec(message)
  return match?.[1]?.split(',').map((field) => field.trim().replaceAll('`', ''))
}
