import { type CsvEntry, readCsv } from './csv-log.ts'
import { violationOf } from './driver-error.ts'
import { failedFields, messageKind, namesIn, nullColumn } from './message.ts'
import { present, type Violation } from './violation.ts'

const MAX_NAMES = 20
const STATES = /\b(23505|23P01|23502)\b/
const KEY = /\)=\(/

/** The messages of a log: a line that goes on is indented with a tab in the server's log. */
const messagesOf = (text: string): readonly string[] =>
  text
    .replaceAll('\r\n', '\n')
    .replaceAll('\n\t', '\n\u0000')
    .split(/\n(?!\0)/)
    .map((line) => line.replaceAll('\u0000', ''))
    .filter((line) => line.trim() !== '')

const ZONE = String.raw`(?: ?(?:Z|[+-]\d\d(?::?(?:00|15|30|45))?|[A-Z]{2,5}\b(?! ?:)))?`
const DATED = new RegExp(String.raw`(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?${ZONE})`)
const EPOCH = /^(\d{10}\.\d{3})\b/

// When a line of a log was written, as it says so itself.
function momentIn(line: string): string | undefined {
  const epoch = EPOCH.exec(line)?.[1]
  if (epoch) return new Date(Number(epoch) * 1000).toISOString()
  return DATED.exec(line)?.[1]?.replace(',', '.')
}

// What a program prints of an error object, and what psql prints when it is verbose.
const INSPECTED = /^\s*(constraint|table|schema|column)(?:_name)?: '(.+?)',?$/gm
const VERBOSE = /^(CONSTRAINT|TABLE|SCHEMA|COLUMN) NAME: +(.+)$/gm

function factsIn(text: string): Readonly<Record<string, string>> {
  const found = [INSPECTED, VERBOSE].flatMap((pattern) => [...text.matchAll(pattern)])
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name.toLowerCase(), value]))
}

const unescaped = (line: string): string =>
  /^\s*detail: '/.test(line) ? line.replaceAll("\\'", "'").replaceAll('\\n', '\n') : line

// Lines of other sessions may stand between an error and its DETAIL: the process tells them apart.
const processOf = (line: string): string | undefined => /\[(\d+)(?:-\d+)?\]/.exec(line)?.[1]

function detailAfter(messages: readonly string[], start: number): string | undefined {
  const own = processOf(messages[start] ?? '')
  for (const [place, line] of messages.entries()) {
    if (place < start || !KEY.test(line)) continue
    if (own === undefined || [own, undefined].includes(processOf(line))) return unescaped(line)
  }
  return undefined
}

function readMessages(text: string): Violation | undefined {
  const messages = messagesOf(text)
  const told = messages.findIndex((line) => messageKind(line) !== undefined)
  const stated = messages.findIndex((line) => STATES.test(line))
  const keyed = messages.findIndex((line) => KEY.test(line))
  const start = [told, stated, 0].find((place) => place >= 0) ?? 0
  if (told < 0 && stated < 0 && keyed < 0) return undefined
  const head = messages[start] ?? ''
  const facts = factsIn(text)
  const missing = nullColumn(head)
  // In another language the message is known by the names that it quotes.
  const lines = told >= 0 ? [head] : messages.slice(start, Math.max(start, keyed) + 1)
  const names = lines.flatMap((line) => [...namesIn(line)])
  return {
    kind: messageKind(head),
    constraints: [...new Set([...(facts.constraint ? [facts.constraint] : []), ...names])].slice(
      0,
      MAX_NAMES,
    ),
    ...present<Partial<Violation>>({
      schema: facts.schema,
      table: facts.table ?? missing?.table,
      column: facts.column ?? missing?.column,
      columns: failedFields(text),
      detail: detailAfter(messages, start),
      at: momentIn(head),
    }),
  }
}

const asViolation = ({ at, message, detail }: CsvEntry): Violation => ({
  kind: messageKind(message),
  constraints: namesIn(message),
  ...present<Partial<Violation>>({ at, detail, ...nullColumn(message) }),
})

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const momentOf = (entry: unknown): string | undefined => {
  if (typeof entry !== 'object' || entry === null) return undefined
  const { timestamp, time } = entry as Readonly<Record<string, unknown>>
  if (typeof timestamp === 'string') return timestamp
  const moment = typeof time === 'number' || typeof time === 'string' ? new Date(time) : undefined
  return moment && !Number.isNaN(moment.getTime()) ? moment.toISOString() : undefined
}

// jsonlog, and whatever a program logs as JSON. It was not thrown just now.
function readJson(text: string): Violation | undefined {
  for (const line of [text, ...text.split('\n')]) {
    if (!line.trimStart().startsWith('{')) continue
    const entry = parsed(line)
    const found = violationOf(entry)
    if (!found) continue
    const { at: _, ...rest } = found
    const at = momentOf(entry)
    return { ...rest, ...(at !== undefined && { at }) }
  }
  return undefined
}

/**
 * Reads what somebody copied from a log: a line of PostgreSQL's own log or several (stderr with any
 * log_line_prefix, csvlog, jsonlog), what psql prints, or what a program prints of an error. Of
 * several duplicates the first counts.
 *
 * @returns undefined where nothing in it looks like a duplicate
 */
export function readLog(text: string): Violation | undefined {
  const entry = readCsv(text)?.find(({ sqlstate }) => STATES.test(sqlstate))
  if (entry) return asViolation(entry)
  return readJson(text) ?? readMessages(text)
}
