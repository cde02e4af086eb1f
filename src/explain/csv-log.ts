/** One line of PostgreSQL's csvlog, as far as it is read here. */
export interface CsvEntry {
  readonly at: string
  readonly sqlstate: string
  readonly message: string
  readonly detail: string
}

// Places of the columns. Source: PostgreSQL documentation, "Using CSV-Format Log Output".
const AT = 0
const SQLSTATE_PLACE = 12
const MESSAGE = 13
const DETAIL = 14

const FIELD = /(?:^|,|\n)(?:"((?:[^"]|"")*)"|([^,\n]*))/y

/** The records of a CSV text; a quoted field may hold commas, quotes and line ends. */
function recordsOf(text: string): readonly (readonly string[])[] {
  const records: string[][] = []
  FIELD.lastIndex = 0
  for (let match = FIELD.exec(text); match !== null; match = FIELD.exec(text)) {
    const field = match[1]?.replaceAll('""', '"') ?? match[2] ?? ''
    const last = records.at(-1)
    if (last && match[0].startsWith(',')) last.push(field)
    else records.push([field])
    if (FIELD.lastIndex >= text.length) break
  }
  return records
}

const FIRST_LINE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [^,"]+,/

/** Reads a piece of csvlog; undefined where the text is none. */
export function readCsv(text: string): readonly CsvEntry[] | undefined {
  const bare = text.trim()
  if (!FIRST_LINE.test(bare)) return undefined
  return recordsOf(bare).flatMap((record) => {
    const [at = '', sqlstate = ''] = [record[AT], record[SQLSTATE_PLACE]]
    const [message = '', detail = ''] = [record[MESSAGE], record[DETAIL]]
    return sqlstate ? [{ at, sqlstate, message, detail }] : []
  })
}
