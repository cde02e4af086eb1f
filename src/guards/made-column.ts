import type { Column, Table } from './table.ts'

// Names without what is no letter: created_at, createdAt, date_created, creation_time.
const MADE = [
  /^(created|inserted|made|added|registered)(at|on|date|time|ts|timestamp)?$/,
  /^(date|time|ts)(created|added|inserted)$/,
  /^creation(date|time|timestamp)$/,
]

const isNamed = ({ name }: Column): boolean => {
  const letters = name.toLowerCase().replaceAll(/[^a-z]/g, '')
  return MADE.some((pattern) => pattern.test(letters))
}

const isTime = ({ base }: Column): boolean => base === 'timestamptz' || base === 'timestamp'

const NOW = /^\(*(now\(\)|CURRENT_TIMESTAMP|LOCALTIMESTAMP|(clock|statement|transaction)_timestamp)/
const LATER = /updat|modif|chang|seen|touch|sync|delet|expir|login|access/i

// A time that is set by default is that of the insert, unless its name says that it moves on.
const isDefaulted = ({ default: value, name }: Column): boolean =>
  (NOW.test(value) || /timezone\('utc'::text, now\(\)\)/i.test(value)) && !LATER.test(name)

/** The column that says at what time a row was made; undefined where none seems to. */
export function madeColumn({ columns }: Table): Column | undefined {
  const times = [...columns.values()].filter(isTime)
  const known = times.filter(({ notNull }) => notNull)
  return (
    known.find(isNamed) ??
    known.find(isDefaulted) ??
    times.find((column) => isDefaulted(column) || isNamed(column))
  )
}

/** The column that says at what time a row was made, or else on which day. */
export const madeOn = (table: Table): Column | undefined =>
  madeColumn(table) ??
  [...table.columns.values()].find((column) => column.base === 'date' && isNamed(column))
