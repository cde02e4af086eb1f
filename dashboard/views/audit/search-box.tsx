import { useId, useRef, useState } from 'preact/hooks'
import { type Known, lastWord, type Suggestion, suggestionsFor } from './suggestions.ts'
import { type Term, termsOf, termText, withTerms } from './terms.ts'

/**
 * One box for the whole search: what is settled stands in it as chips, what is typed becomes one
 * with a space or Enter. Backspace takes the last chip back into the text.
 */
export function SearchBox({
  terms,
  known,
  onTerms,
}: {
  readonly terms: readonly Term[]
  readonly known: Omit<Known, 'terms'>
  readonly onTerms: (terms: readonly Term[]) => void
}) {
  const [text, setText] = useState('')
  const [open, setOpen] = useState(false)
  const [chosen, setChosen] = useState(-1)
  const input = useRef<HTMLInputElement>(null)
  const id = useId()
  const suggestions = open ? suggestionsFor(text, { ...known, terms }) : []

  const settle = (typed: string) => {
    const more = termsOf(typed)
    setText('')
    setChosen(-1)
    if (more.length > 0) onTerms(withTerms(terms, more))
  }
  const take = ({ text: taken, whole }: Suggestion) => {
    const free = taken.startsWith('reason:') && !lastWord(text).startsWith('reason:')
    const typed = free ? taken : text.slice(0, text.length - lastWord(text).length) + taken
    if (whole) settle(typed)
    else setText(typed)
    setChosen(-1)
    input.current?.focus()
  }
  const onInput = (typed: string) => {
    setOpen(true)
    setChosen(-1)
    const settled = /^\S+:(?:"[^"]+"|[^\s"]+)\s$/.test(typed) && termsOf(typed)[0]?.name
    if (settled && typed.startsWith(`${settled}:`)) settle(typed)
    else setText(typed)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const picked = suggestions[chosen]
    if (step !== undefined) {
      event.preventDefault()
      setOpen(true)
      const count = suggestions.length + 1
      setChosen(((chosen + 1 + step + count) % count) - 1)
    } else if (event.key === 'Enter' || (event.key === 'Tab' && picked)) {
      event.preventDefault()
      if (picked) take(picked)
      else settle(text)
    } else if (event.key === 'Escape') setOpen(false)
    else if (event.key === 'Backspace' && text === '' && terms.length > 0) {
      event.preventDefault()
      const last = terms.at(-1)
      if (last) setText(termText(last))
      onTerms(terms.slice(0, -1))
    }
  }
  return (
    <div class="audit-search">
      <div class="audit-search-box">
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the input in it has the keys */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: likewise */}
        <div class="audit-search-frame" onClick={() => input.current?.focus()}>
          {terms.map((term) => (
            <Chip
              key={term.name}
              term={term}
              onRemove={() => onTerms(terms.filter((each) => each !== term))}
            />
          ))}
          <input
            ref={input}
            role="combobox"
            aria-label="Search the audit"
            aria-expanded={suggestions.length > 0}
            aria-controls={id}
            aria-autocomplete="list"
            aria-describedby={`${id}-help`}
            aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            placeholder={terms.length === 0 ? 'guard:reports verdict:skipped since:1d' : 'and'}
            value={text}
            onInput={({ currentTarget }) => onInput(currentTarget.value)}
            onKeyDown={onKeyDown}
            onFocus={() => setOpen(true)}
            onBlur={() => setOpen(false)}
          />
        </div>
        <Suggestions id={id} of={suggestions} chosen={chosen} onTake={take} />
      </div>
      <p id={`${id}-help`} class="soft audit-search-help">
        <code>guard:</code> <code>verdict:</code> <code>actor:</code> <code>run:</code>{' '}
        <code>since:</code> <code>until:</code> <code>part.NAME:</code> narrow; other words are
        looked for in the reason. Enter searches.
      </p>
    </div>
  )
}

function Chip({ term, onRemove }: { readonly term: Term; readonly onRemove: () => void }) {
  return (
    <span class="chip">
      <b>{term.name}</b>
      {term.value}
      <button type="button" onClick={onRemove} aria-label={`Remove ${termText(term)}`}>
        <i class="glyph g-cross" aria-hidden="true" />
      </button>
    </span>
  )
}

function Suggestions({
  id,
  of,
  chosen,
  onTake,
}: {
  readonly id: string
  readonly of: readonly Suggestion[]
  readonly chosen: number
  readonly onTake: (suggestion: Suggestion) => void
}) {
  return (
    <div class="suggestions" role="listbox" id={id} aria-label="Suggestions" hidden={!of.length}>
      {of.map((suggestion, place) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the input above takes the keys
        <div
          key={suggestion.text}
          id={`${id}-${place}`}
          role="option"
          tabIndex={-1}
          aria-selected={place === chosen}
          // The input must keep the focus, or the list would go before it is clicked.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onTake(suggestion)}
        >
          <span>{suggestion.text}</span>
          <span class="soft">{suggestion.hint}</span>
        </div>
      ))}
    </div>
  )
}
