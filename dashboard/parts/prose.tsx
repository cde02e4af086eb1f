/** A sentence of the server, what it has between backticks as code. */
export function Prose({ text }: { readonly text: string }) {
  const parts = text.split('`')
  if (parts.length % 2 === 0) return <>{text}</>
  return (
    <>
      {parts.map((part, place) =>
        place % 2 === 0 ? part : <code key={`${place} ${part}`}>{part}</code>,
      )}
    </>
  )
}

/** A number of things: `1 row`, `3,200 rows`. */
export const some = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString()} ${count === 1 ? one : many}`

/** The name of a table or an index without its quotes. */
export const bare = (name: string): string => name.replaceAll('"', '')

/** What comes first in each group, without the primary key that is added to settle ties. */
export const orderWords = (keep: readonly string[]): string =>
  keep.filter((item, place) => place === 0 || !item.startsWith('"')).join(', then ')

/** Bytes as people read them: `12 MB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return `${Math.ceil(bytes / 1024 ** step).toLocaleString()} ${units[step]}`
}
