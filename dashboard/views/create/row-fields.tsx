import { useId } from 'preact/hooks'
import type { GuardDetail } from '../../contract.ts'
import {
  type Asked,
  type Draft,
  type DraftRow,
  draftRow,
  fieldOf,
  type Part,
  pastedRows,
} from './draft.ts'

/** Rows or keys, a field for each part of the key; several are pasted from a spreadsheet. */
export function RowFields({
  guard,
  draft,
  faults,
  onChange,
}: {
  readonly guard: GuardDetail
  readonly draft: Draft
  readonly faults: Asked['faults'] | undefined
  readonly onChange: (change: Partial<Draft>) => void
}) {
  const { rows, mode } = draft
  const put = (row: DraftRow) =>
    onChange({ rows: rows.map((each) => (each.id === row.id ? row : each)) })
  const paste = (row: DraftRow, part: string, text: string): boolean => {
    const pasted = pastedRows(text, guard.parts, part)
    if (!pasted) return false
    const filled = pasted.map((cells) => draftRow({ ...row.parts, ...cells }, row.more))
    onChange({ rows: rows.flatMap((each) => (each.id === row.id ? filled : [each])) })
    return true
  }
  return (
    <>
      <ol class="draft-rows">
        {rows.map((row, place) => (
          <li key={row.id}>
            <RowForm
              row={row}
              number={place + 1}
              parts={guard.parts}
              more={mode === 'rows' ? 'Further columns, as JSON' : 'Input, as JSON'}
              example={mode === 'rows' ? '{"status": "INITIATED"}' : '{"tone": "formal"}'}
              fault={faults?.[row.id]}
              onChange={put}
              onPaste={(part, text) => paste(row, part, text)}
              onCopy={() => onChange({ rows: copyAfter(rows, row) })}
              onRemove={
                rows.length > 1
                  ? () => onChange({ rows: rows.filter(({ id }) => id !== row.id) })
                  : undefined
              }
            />
          </li>
        ))}
      </ol>
      <div class="draft-more">
        <button type="button" onClick={() => onChange({ rows: [...rows, draftRow()] })}>
          Add {mode === 'rows' ? 'a row' : 'a key'}
        </button>
        <span class="soft">Or paste lines of a spreadsheet into any field.</span>
      </div>
    </>
  )
}

const copyAfter = (rows: readonly DraftRow[], row: DraftRow): readonly DraftRow[] =>
  rows.flatMap((each) => (each.id === row.id ? [each, draftRow(row.parts, row.more)] : [each]))

function RowForm({
  row,
  number,
  parts,
  more,
  example,
  fault,
  onChange,
  onPaste,
  onCopy,
  onRemove,
}: {
  readonly row: DraftRow
  readonly number: number
  readonly parts: readonly Part[]
  readonly more: string
  readonly example: string
  readonly fault: string | undefined
  readonly onChange: (row: DraftRow) => void
  readonly onPaste: (part: string, text: string) => boolean
  readonly onCopy: () => void
  readonly onRemove: (() => void) | undefined
}) {
  const id = useId()
  return (
    <fieldset class="draft-row" aria-describedby={fault && `${id}-fault`}>
      <legend>
        <span class="hidden">Number </span>
        {number}
      </legend>
      <div class="part-fields">
        {parts.map((part) => (
          <PartField
            key={part.name}
            part={part}
            value={row.parts[part.name] ?? ''}
            onValue={(value) => onChange({ ...row, parts: { ...row.parts, [part.name]: value } })}
            onPaste={(text) => onPaste(part.name, text)}
          />
        ))}
      </div>
      <RowTools
        number={number}
        words={more}
        example={example}
        more={row.more}
        onMore={(text) => onChange({ ...row, more: text })}
        onCopy={onCopy}
        onRemove={onRemove}
      />
      {fault && (
        <p id={`${id}-fault`} class="ink-bad" role="alert">
          {fault}
        </p>
      )}
    </fieldset>
  )
}

function RowTools({
  number,
  words,
  example,
  more,
  onMore,
  onCopy,
  onRemove,
}: {
  readonly number: number
  readonly words: string
  readonly example: string
  readonly more: string
  readonly onMore: (text: string) => void
  readonly onCopy: () => void
  readonly onRemove: (() => void) | undefined
}) {
  return (
    <div class="draft-tools">
      <details open={more !== ''}>
        <summary>{words}</summary>
        <textarea
          aria-label={`${words}, of number ${number}`}
          rows={3}
          spellcheck={false}
          placeholder={example}
          value={more}
          onInput={({ currentTarget }) => onMore(currentTarget.value)}
        />
      </details>
      <button type="button" class="plain" onClick={onCopy} aria-label={`Copy number ${number}`}>
        Copy
      </button>
      {onRemove && (
        <button
          type="button"
          class="plain"
          onClick={onRemove}
          aria-label={`Remove number ${number}`}
        >
          Remove
        </button>
      )}
    </div>
  )
}

function PartField({
  part: { name, type, values },
  value,
  onValue,
  onPaste,
}: {
  readonly part: Part
  readonly value: string
  readonly onValue: (value: string) => void
  readonly onPaste: (text: string) => boolean
}) {
  const id = useId()
  return (
    <label class="field" for={id}>
      <span>
        {name} <small>{type}</small>
      </span>
      {values ? (
        <select id={id} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
          <option value="" />
          {values.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          {...fieldOf(type)}
          autocomplete="off"
          value={value}
          onInput={({ currentTarget }) => onValue(currentTarget.value)}
          onPaste={(event) => {
            if (onPaste(event.clipboardData?.getData('text/plain') ?? '')) event.preventDefault()
          }}
        />
      )}
    </label>
  )
}
