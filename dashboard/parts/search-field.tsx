import { useEffect, useRef, useState } from 'preact/hooks'
import { useSlashKey } from './slash-key.ts'

const QUIET_MS = 250

/** A field that searches while one types, after a moment of quiet; `/` goes to it. */
export function SearchField({
  label,
  value,
  onSearch,
}: {
  readonly label: string
  readonly value: string
  readonly onSearch: (text: string) => void
}) {
  const [text, setText] = useState(value)
  const field = useRef<HTMLInputElement>(null)
  const search = useRef(onSearch)
  search.current = onSearch
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => search.current(text), QUIET_MS)
    return () => clearTimeout(timer)
  }, [text, value])
  useSlashKey(field)
  return (
    <input
      ref={field}
      type="search"
      class="search"
      aria-label={label}
      placeholder={label}
      value={text}
      onInput={({ currentTarget }) => setText(currentTarget.value)}
    />
  )
}
