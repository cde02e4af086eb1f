import type { RefObject } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { useSlashKey } from '../../parts/slash-key.ts'
import { type Known, lastWord, type Suggestion, suggestionsFor } from './suggestions.ts'
import { type Term, termsOf, termText, withTerms } from './terms.ts'

/** A search that is being typed. */
export interface Typing {
  readonly input: RefObject<HTMLInputElement | null>
  readonly text: string
  readonly suggestions: readonly Suggestion[]
  /** Which suggestion the arrow keys stand at; -1 for none. */
  readonly chosen: number
  readonly take: (suggestion: Suggestion) => void
  readonly onInput: (text: string) => void
  readonly onKeyDown: (event: KeyboardEvent) => void
  readonly setOpen: (open: boolean) => void
}

// A term that is closed by a space: nothing more belongs to it.
const CLOSED = /^([\w.-]+):(?:"[^"]+"|[^\s"]+)\s$/

/** What is typed, what it could become, and how keys settle it into terms. */
export function useTyping(
  terms: readonly Term[],
  known: Omit<Known, 'terms'>,
  onTerms: (terms: readonly Term[]) => void,
): Typing {
  const [text, setText] = useState('')
  const [open, setOpen] = useState(false)
  const [chosen, setChosen] = useState(-1)
  const input = useRef<HTMLInputElement>(null)
  useSlashKey(input)
  const suggestions = open ? suggestionsFor(text, { ...known, terms }) : []

  const settle = (typed: string) => {
    const more = termsOf(typed)
    if (more.length === 0) return setText(typed)
    setText('')
    onTerms(withTerms(terms, more))
  }
  const take = ({ text: taken, whole }: Suggestion) => {
    const word = lastWord(text)
    // Words for the reason stand for all that is typed, anything else for the last word.
    const all = taken.startsWith('reason:') && !word.startsWith('reason:')
    const typed = all ? taken : text.slice(0, text.length - word.length) + taken
    if (whole) settle(typed)
    else setText(typed)
    setChosen(-1)
    input.current?.focus()
  }
  const onInput = (typed: string) => {
    setOpen(true)
    setChosen(-1)
    const closed = CLOSED.exec(typed)?.[1]
    if (closed !== undefined && termsOf(typed)[0]?.name === closed) settle(typed)
    else setText(typed)
  }
  const reopenLast = () => {
    const last = terms.at(-1)
    if (!last) return
    setText(termText(last))
    onTerms(terms.slice(0, -1))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const { key } = event
    const step = { ArrowDown: 1, ArrowUp: -1 }[key]
    const picked = suggestions[chosen]
    if (step !== undefined) {
      setOpen(true)
      setChosen(turned(chosen, step, suggestions.length))
    } else if (picked && (key === 'Enter' || key === 'Tab')) take(picked)
    else if (key === 'Enter') settle(text)
    else if (key === 'Backspace' && text === '' && terms.length > 0) reopenLast()
    else {
      if (key === 'Escape') setOpen(false)
      return
    }
    event.preventDefault()
  }
  return { input, text, suggestions, chosen, take, onInput, onKeyDown, setOpen }
}

// From none over each and back to none.
const turned = (chosen: number, step: number, count: number): number =>
  ((chosen + 1 + step + count + 1) % (count + 1)) - 1
