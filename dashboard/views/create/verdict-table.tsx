import { useState } from 'preact/hooks'
import type { RowValues, WorkVerdict } from '../../../src/index.ts'
import { KeyText, keyHref, valueText } from '../../parts/key-text.tsx'
import { Empty } from '../../parts/notice.tsx'
import { State } from '../../parts/state.tsx'
import { type Column, Table } from '../../parts/table.tsx'

// What needs a look comes first where there is more than one sees at once.
const MOST_WHOLE = 10
const FIRST = 5
const STEP = 100

/** Verdicts, one a line: the key, why, and the row that is already there. */
export function VerdictTable({
  caption,
  guard,
  verdicts,
  labels,
  of,
}: {
  readonly caption: string
  readonly guard: string
  readonly verdicts: readonly WorkVerdict[]
  /** Other words than those of the states. */
  readonly labels?: Readonly<Record<string, string>>
  /** How many there are; the server shows no more than a thousand. */
  readonly of: number
}) {
  const [most, setMost] = useState(verdicts.length > MOST_WHOLE ? FIRST : MOST_WHOLE)
  if (verdicts.length === 0) {
    return (
      <Empty title={of === 0 ? 'Nothing was asked for' : 'None of these is shown'}>
        <p>
          {of === 0
            ? 'No key is expected there: choose other days.'
            : 'The first thousand are shown, those that exist or are invalid before the others.'}
        </p>
      </Empty>
    )
  }
  const shown = attentionFirst(verdicts).slice(0, most)
  return (
    <>
      <Table
        caption={caption}
        columns={columnsOf(guard, labels)}
        rows={shown}
        keyOf={({ index }) => String(index)}
      />
      {shown.length < of && (
        <div class="pager">
          <span class="soft">
            {shown.length.toLocaleString()} of {of.toLocaleString()}
          </span>
          {shown.length < verdicts.length && (
            <button type="button" onClick={() => setMost(most + STEP)}>
              Show more
            </button>
          )}
        </div>
      )}
    </>
  )
}

const attentionFirst = (verdicts: readonly WorkVerdict[]): readonly WorkVerdict[] =>
  verdicts.length <= MOST_WHOLE
    ? verdicts
    : verdicts.toSorted(
        (left, right) => Number(left.verdict === 'created') - Number(right.verdict === 'created'),
      )

const columnsOf = (
  guard: string,
  labels: Readonly<Record<string, string>> = {},
): readonly Column<WorkVerdict>[] => [
  { label: 'No.', number: true, show: ({ index }) => index + 1 },
  {
    label: 'Verdict',
    show: ({ verdict }) => <State name={verdict} label={labels[verdict]} />,
  },
  {
    label: 'Key',
    show: ({ key, verdict }) => <KeyText values={key} {...(verdict !== 'invalid' && { guard })} />,
  },
  {
    label: 'What is there, or why',
    show: (verdict) => <About guard={guard} verdict={verdict} />,
  },
]

const WAITS_MS = 1000

function About({ guard, verdict }: { readonly guard: string; readonly verdict: WorkVerdict }) {
  const { existing, row, reason, firstIndex, heldMs, retryMs, key } = verdict
  const notes = [
    firstIndex !== undefined && `the same key as number ${firstIndex + 1}`,
    heldMs !== undefined && `held for ${Math.ceil(heldMs / WAITS_MS)} s more`,
    retryMs !== undefined && `may be tried again in ${Math.ceil(retryMs / WAITS_MS)} s`,
  ].filter(Boolean)
  // That it exists is said by the row that does.
  const why = reason === 'exists' && existing ? undefined : reason
  return (
    <div class="about-verdict">
      {why && <span>{why}</span>}
      {notes.map((note) => (
        <span key={note}>{note}</span>
      ))}
      {row && (
        <span class="key">
          <b>now</b>
          <Values of={row} />
        </span>
      )}
      {existing && (
        <span class="key">
          {row && <b>there was</b>}
          <Values of={existing} />
          <a href={keyHref(guard, key)}>its history</a>
        </span>
      )}
      {!why && notes.length === 0 && !existing && !row && <span class="soft">–</span>}
    </div>
  )
}

function Values({ of }: { readonly of: RowValues }) {
  return (
    <>
      {Object.entries(of).map(([name, value]) => (
        <span key={name} class="part">
          <b>{name}</b> {valueText(value)}
        </span>
      ))}
    </>
  )
}
