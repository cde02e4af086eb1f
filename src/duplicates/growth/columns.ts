import type { Inspection } from '../../guards/inspect.ts'
import type { Column } from '../../guards/table.ts'

const MAKERS = new Set(
  (
    'batch run job import upload series schedule source request generator worker task trigger ' +
    'origin file actor author host version created_by inserted_by'
  ).split(' '),
)

const snake = (name: string): string => name.replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, '_').toLowerCase()

const isMaker = (name: string): boolean => {
  const words = snake(name).split('_')
  return words.some((word, at) => MAKERS.has(word) || MAKERS.has(`${word}_${words[at + 1]}`))
}

const MAKER_TYPES = new Set(['text', 'varchar', 'uuid', 'int2', 'int4', 'int8'])

const MOST_SOURCES = 6

/**
 * The columns that may say what made a row: foreign keys, and those called after a batch, a job or
 * the like. Not those of the key, which are equal in a group by nature.
 */
export function sourceColumns(
  { table, parts }: Inspection,
  references: readonly Column[],
): readonly Column[] {
  const read = new Set([...parts.flatMap(({ columns }) => columns), ...table.primaryKey])
  const named = [...table.columns.values()].filter(
    ({ name, base, isEnum }) => isMaker(name) && (isEnum || MAKER_TYPES.has(base)),
  )
  return [...new Set([...references, ...named])]
    .filter((column) => !read.has(column))
    .slice(0, MOST_SOURCES)
}
