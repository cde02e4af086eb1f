import { useId } from 'preact/hooks'
import type { Known, Suggestion } from './suggestions.ts'
import { type Term, termText } from './terms.ts'
import { useTyping } from './typing.ts'

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
  const typing = useTyping(terms, known, onTerms)
  const { input, text, suggestions, chosen, setOpen } = typing
  const id = useId()
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
            onInput={({ currentTarget }) => typing.onInput(currentTarget.value)}
            onKeyDown={typing.onKeyDown}
            onFocus={() => setOpen(true)}
            onBlur={() => setOpen(false)}
          />
        </div>
        <Suggestions id={id} of={suggestions} chosen={chosen} onTake={typing.take} />
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
