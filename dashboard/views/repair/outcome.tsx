import type { StoredRepair } from '../../../src/index.ts'
import type { Underway } from '../../contract.ts'
import { Prose, some } from '../../parts/prose.tsx'
import { State } from '../../parts/state.tsx'
import { Time } from '../../parts/time.tsx'
import { href } from '../../route.ts'

interface OutcomeProps {
  readonly repair: StoredRepair
  /** The latest work on this repair that this server knows of. */
  readonly work: Underway | undefined
  readonly enforced: boolean
}

/** How a repair stands: what it did, what is left, and what to do next. */
export function Outcome({ repair, work, enforced }: OutcomeProps) {
  const { state } = repair
  return (
    <section class="panel outcome" aria-label="How it stands">
      <div class="standing-panel">
        <State name={state} />
        <div>
          <Said repair={repair} />
        </div>
      </div>
      {state !== 'planned' && <Figures repair={repair} />}
      {state === 'applied' && <Next repair={repair} work={work} enforced={enforced} />}
      {state === 'undone' && <Restored work={work} />}
    </section>
  )
}

function Said({ repair }: { readonly repair: StoredRepair }) {
  const { state, appliedAt, appliedBy, undoneAt, undoneBy } = repair
  switch (state) {
    case 'planned':
      return <p>This is a plan: no row was changed. Look at it, then apply it.</p>
    case 'applying':
      return <p>It was stopped on the way. What is done stands: go on with it, or undo it.</p>
    case 'applied':
      return (
        <p>
          Applied by <b>{appliedBy ?? 'nobody who gave a name'}</b>, <Time at={appliedAt} />.
        </p>
      )
    case 'undone':
      return (
        <p>
          Undone by <b>{undoneBy ?? 'nobody who gave a name'}</b>, <Time at={undoneAt} />. What it
          had removed is back.
        </p>
      )
  }
}

function Figures({ repair }: { readonly repair: StoredRepair }) {
  const { plan, removed, changed, moved, dropped, skipped, batches } = repair
  const figures: readonly (readonly [value: number, words: string, always?: boolean])[] = [
    plan.losers === 'delete' ? [removed, 'rows deleted', true] : [changed, 'rows set', true],
    [moved, 'rows of other tables moved'],
    [dropped, 'rows of other tables deleted'],
    [skipped, 'left out', true],
    [batches, batches === 1 ? 'batch' : 'batches', true],
  ]
  return (
    <div class="figures-row">
      {figures
        .filter(([value, , always]) => always || value > 0)
        .map(([value, words]) => (
          <div key={words} class="figure">
            <b>{value.toLocaleString()}</b>
            <span class="soft">{words}</span>
          </div>
        ))}
    </div>
  )
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {}

function Next({ repair: { guard }, work, enforced }: OutcomeProps) {
  const result = work?.what === 'apply' ? (work.result ?? {}) : {}
  const left = asRecord(result.left).groups
  const why = Object.entries(asRecord(result.why))
  return (
    <>
      {why.length > 0 && (
        <ul class="left-out">
          {why.map(([words, rows]) => (
            <li key={words}>
              <b>{Number(rows).toLocaleString()} left out:</b> <Prose text={words} />
            </li>
          ))}
        </ul>
      )}
      <p>
        {typeof left === 'number' &&
          (left === 0 ? 'No key stands twice any more. ' : `${some(left, 'key')} still repeat. `)}
        {enforced ? (
          'A unique index stands for the key: nothing can be duplicated again.'
        ) : (
          <>
            Nothing stops new duplicates yet:{' '}
            <a href={href(['guards', guard])}>
              <b>enforce the guard</b>
            </a>
            .
          </>
        )}{' '}
        <a href={href(['guards', guard, 'duplicates'])}>Scan again</a>
      </p>
    </>
  )
}

/** What an undo gave back: rows, and values of rows. */
export const backWords = (restored: number, reverted: number): string =>
  [
    restored > 0 && `${some(restored, 'row')} came back.`,
    reverted > 0 && `${some(reverted, 'row')} got old values back.`,
  ]
    .filter(Boolean)
    .join(' ') || 'Nothing had to come back.'

function Restored({ work }: Pick<OutcomeProps, 'work'>) {
  if (work?.what !== 'undo' || !work.result) return null
  const { restored, reverted, changedSince } = work.result
  return (
    <p>
      {backWords(Number(restored), Number(reverted))}
      {Number(changedSince) > 0 &&
        ` ${some(Number(changedSince), 'row')} had changed since and stayed as they are.`}
    </p>
  )
}
