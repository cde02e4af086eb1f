import type { Hazard, PlannedChild, RepairPlan, StoredRepair } from '../../../src/index.ts'
import { Finding } from '../../parts/finding.tsx'
import { KeyText } from '../../parts/key-text.tsx'
import { bare, bytesText, orderWords, Prose, some } from '../../parts/prose.tsx'
import { Records } from '../../parts/records.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { childName, childWords, losersWords, timeWords } from './plan-words.ts'

/** The plan of a repair in words: what goes, what moves, what it locks and takes. */
export function Plan({
  repair: { plan },
  ids,
}: {
  readonly repair: StoredRepair
  /** The primary key of the table, where it is known. */
  readonly ids: readonly string[] | undefined
}) {
  return (
    <>
      <section class="panel plan" aria-labelledby="plan">
        <h2 id="plan">The plan</h2>
        <Words plan={plan} />
        {plan.children.length > 0 && (
          <Table
            caption="Rows of other tables that hang on the losers"
            columns={CHILDREN}
            rows={plan.children}
            keyOf={(child) => `${childName(child)} ${child.of}`}
          />
        )}
        <Hazards hazards={plan.hazards} suspects={plan.suspects} />
      </section>
      <Largest plan={plan} ids={ids ?? []} />
    </>
  )
}

function Words({ plan }: { readonly plan: RepairPlan }) {
  const { predicted } = plan
  return (
    <ul class="consequences">
      <li>
        <b>Goes:</b> {losersWords(plan)} of <code>{bare(plan.table)}</code>, in{' '}
        {some(plan.groups, 'key')}.
      </li>
      <li>
        <b>Stays:</b> the first row of each key by <code>{orderWords(plan.keep)}</code>
        {plan.where && (
          <>
            , among those <code>WHERE {plan.where}</code>
          </>
        )}
        .
      </li>
      {plan.children.length === 0 && (
        <li>
          <b>Hangs on them:</b> nothing of other tables.
        </li>
      )}
      <li>
        <b>Takes:</b> {timeWords(predicted.durationMs)}, and of write-ahead log about{' '}
        {bytesText(predicted.walBytes)}.
      </li>
      {predicted.locks.map((lock) => (
        <li key={lock}>
          <b>Locks:</b> {bare(lock)}
        </li>
      ))}
    </ul>
  )
}

const CHILDREN: readonly Column<PlannedChild>[] = [
  {
    label: 'Rows',
    number: true,
    show: ({ rows }) => (rows === null ? 'on the way' : rows.toLocaleString()),
  },
  { label: 'Of table', show: (child) => <code>{childName(child)}</code> },
  { label: 'What becomes of them', wide: true, show: childWords },
]

function Hazards({ hazards, suspects }: Pick<RepairPlan, 'hazards' | 'suspects'>) {
  if (hazards.length === 0) return null
  return (
    <ul class="findings">
      {hazards.map((hazard, place) => (
        <OneHazard key={`${place} ${hazard.code}`} hazard={hazard} suspects={suspects} />
      ))}
    </ul>
  )
}

function OneHazard({
  hazard: { code, refuses, message, fix },
  suspects,
}: {
  readonly hazard: Hazard
  readonly suspects: RepairPlan['suspects']
}) {
  return (
    <Finding tone={refuses ? 'bad' : 'warn'} title={code.replaceAll('_', ' ')} fix={fix}>
      <p>
        <Prose text={bare(message)} />
      </p>
      {code === 'suspect_keepers' && (
        <ul class="key-list">
          {suspects.first.map((row) => (
            <li key={JSON.stringify(row)}>
              <KeyText values={row} />
            </li>
          ))}
        </ul>
      )}
    </Finding>
  )
}

function Largest({ plan, ids }: { readonly plan: RepairPlan; readonly ids: readonly string[] }) {
  const { largest, groups, losers, guard } = plan
  if (largest.length === 0) return null
  const more = groups - largest.length
  return (
    <section class="groups" aria-labelledby="largest">
      <div>
        <h2 id="largest">The rows</h2>
        <p class="soft">
          {more > 0
            ? `The ${largest.length} largest of ${some(groups, 'key')}, as they were planned.`
            : 'As they were planned.'}
        </p>
      </div>
      <ol class="group-list">
        {largest.map(({ key, rows, keeper, losers: shown }) => (
          <li key={JSON.stringify(key)} class="panel group">
            <p class="group-head">
              <KeyText values={key} guard={guard} />
              <span class="soft">{some(rows, 'row')}</span>
            </p>
            <Records
              columns={Object.keys(keeper)}
              keeper={keeper}
              losers={shown}
              unseen={rows - 1 - shown.length}
              policy={losers}
              ids={ids}
            />
          </li>
        ))}
      </ol>
    </section>
  )
}
