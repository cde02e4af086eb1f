import type { Finding as Found, ScanReport } from '../../../src/index.ts'
import { Finding } from '../../parts/finding.tsx'
import { Prose, some } from '../../parts/prose.tsx'
import type { Tone } from '../../parts/state.tsx'
import { href } from '../../route.ts'

/** What a scan found: its figures, and each finding with what to do. */
export function ScanSummary({
  report,
  guard,
}: {
  readonly report: ScanReport
  readonly guard: string
}) {
  const { rows, duplicates, where, findings } = report
  return (
    <section class="panel scan" aria-labelledby="scan">
      <h2 id="scan" class="hidden">
        What the scan found
      </h2>
      <div class="figures-row">
        <Figure value={rows} words={where ? 'rows of the guard' : 'rows'} />
        <Figure value={duplicates.groups} words="keys that repeat" />
        <Figure value={duplicates.excess} words="rows too many" />
        {report.unfinished > 0 && <Figure value={report.unfinished} words="unfinished rows" />}
        {report.hidden.groups > 0 && (
          <Figure value={report.hidden.groups} words="keys in several spellings" />
        )}
      </div>
      <NullParts report={report} />
      {findings.length > 0 && (
        <ul class="findings">
          {findings.map((finding, place) => (
            <OneFinding
              key={`${place} ${finding.code}`}
              finding={finding}
              guard={guard}
              clean={duplicates.groups === 0}
            />
          ))}
        </ul>
      )}
    </section>
  )
}

function Figure({ value, words }: { readonly value: number; readonly words: string }) {
  return (
    <div class="figure">
      <b>{value.toLocaleString()}</b>
      <span class="soft">{words}</span>
    </div>
  )
}

const LOOKS: Readonly<Record<Found['code'], readonly [tone: Tone, title: string]>> = {
  duplicates: ['note', 'Duplicates'],
  null_parts: ['warn', 'NULL in the key'],
  forbidden_values: ['warn', 'Stand-ins for a missing value'],
  unlisted_values: ['warn', 'Values that are not listed'],
  hidden_duplicates: ['note', 'Duplicates hidden by spelling'],
  float_key: ['warn', 'A key of floating-point numbers'],
  not_enforced: ['warn', 'Not enforced'],
  invalid_index: ['bad', 'An invalid index'],
  shadowing_index: ['warn', 'An index that looks like it'],
  unfinished_rows: ['warn', 'Unfinished rows'],
  overlapping_ranges: ['note', 'Ranges that overlap'],
  tenant_missing: ['bad', 'The key may lack a part'],
}

function OneFinding({
  finding: { code, message, fix },
  guard,
  clean,
}: {
  readonly finding: Found
  readonly guard: string
  /** Whether no key repeats. */
  readonly clean: boolean
}) {
  const [tone, title] = LOOKS[code] ?? ['warn', code.replaceAll('_', ' ')]
  return (
    <Finding tone={tone} title={title} fix={fixHere(code, guard, clean) ?? fix}>
      <p>
        <Prose text={message} />
      </p>
    </Finding>
  )
}

// Where a fix names a command the page can do it.
function fixHere(code: Found['code'], guard: string, clean: boolean) {
  if (code === 'duplicates') {
    return 'Plan the repair: it keeps the first row of each key. You see it before you apply it.'
  }
  if (code !== 'not_enforced') return undefined
  return (
    <>
      {clean ? 'While there is no duplicate, ' : 'Repair the duplicates, then '}
      <a href={href(['guards', guard])}>enforce the guard</a>.
    </>
  )
}

function NullParts({ report: { parts, nulls } }: { readonly report: ScanReport }) {
  const found = parts.filter((part) => part.nulls > 0)
  if (found.length === 0) return null
  return (
    <p>
      NULL stands in{' '}
      {found.map(({ name, nulls: rows }, place) => (
        <span key={name}>
          {place > 0 && ', '}
          <code>{name}</code> of {some(rows, 'row')}
        </span>
      ))}
      . Were NULL equal to NULL, {some(nulls.equal.excess, 'row')} would be too many; as a unique
      index sees it, {nulls.distinct.excess.toLocaleString()}.
    </p>
  )
}
