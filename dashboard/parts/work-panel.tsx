import type { ComponentChildren } from 'preact'
import type { Blocker } from '../../src/index.ts'
import { ApiError } from '../api.ts'
import type { Problem, Underway } from '../contract.ts'
import { Failure } from './notice.tsx'
import { some } from './prose.tsx'
import { Glyph, State } from './state.tsx'
import { Time } from './time.tsx'
import { isRunning } from './underway.ts'

const DOING = {
  run: 'Running',
  apply: 'Applying the repair',
  undo: 'Undoing the repair',
  enforce: 'Enforcing',
  unenforce: 'Dropping the index',
} as const

const FAILED = {
  run: 'The run failed',
  apply: 'The repair was not applied',
  undo: 'The repair was not undone',
  enforce: 'It was not enforced',
  unenforce: 'The index was not dropped',
} as const

/** An error of long work as one that can be shown. */
export const errorOf = (error: Problem): ApiError => new ApiError({ status: -1, ...error })

/**
 * Long work: while it runs how far it is and who is in its way, and after it failed why, and what
 * to do. Of work that went well it says nothing.
 */
export function WorkPanel({
  work,
  nextStep,
}: {
  readonly work: Underway | undefined
  /** What can be done about its failure. */
  readonly nextStep?: (error: ApiError) => ComponentChildren
}) {
  if (!work) return null
  if (isRunning(work)) return <Running work={work} />
  if (!work.error) return null
  const error = errorOf(work.error)
  return (
    <section class="work-failed" aria-label={FAILED[work.what]}>
      <p>
        <b>{FAILED[work.what]}.</b>{' '}
        <span class="soft">
          {work.actor} asked for it, <Time at={work.endedAt} />
        </span>
      </p>
      <Failure error={error} />
      {nextStep?.(error)}
    </section>
  )
}

function Running({ work }: { readonly work: Underway }) {
  const { what, actor, startedAt } = work
  const { done, rows, total, step, phase, blockers } = read(work.progress ?? {})
  const most = rows ?? total
  const unit = rows !== undefined || step === 'repair' ? 'rows' : 'blocks'
  return (
    <section class="panel work" aria-label={DOING[what]} aria-live="polite">
      <p class="work-head">
        <State name="running" label={DOING[what]} />
        <span class="soft">
          asked for by {actor}, <Time at={startedAt} />
        </span>
      </p>
      {what === 'enforce' && <EnforceSteps step={step} />}
      {most !== undefined && most > 0 ? (
        <div class="work-share">
          <progress value={done ?? 0} max={most} aria-label="How far it is" />
          <span>
            <b>{Math.floor(((done ?? 0) / most) * 100)}%</b>{' '}
            <span class="soft">
              {(done ?? 0).toLocaleString()} of {most.toLocaleString()} {unit}
            </span>
          </span>
        </div>
      ) : (
        <progress aria-label="How far it is, is not known" />
      )}
      {phase && <p class="soft">PostgreSQL: {phase}</p>}
      <Blockers blockers={blockers} />
    </section>
  )
}

const number = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

// The progress of an apply and that of an enforcement.
const read = (progress: Readonly<Record<string, unknown>>) => ({
  done: number(progress.done),
  rows: number(progress.rows),
  total: number(progress.total),
  step: text(progress.step),
  phase: text(progress.phase),
  blockers: (Array.isArray(progress.blockers) ? progress.blockers : []) as readonly Blocker[],
})

// The steps of an enforcement, in order, and what each does.
const ENFORCE_STEPS: Readonly<Record<string, string>> = {
  turn: 'takes its turn',
  check: 'looks for duplicates',
  'key index': 'makes an index to look keys up by',
  gate: 'puts a gate before new duplicates',
  repair: 'repairs the duplicates that stand',
  build: 'builds the unique index',
  constraint: 'makes a constraint of it',
  'clean up': 'takes the gate away',
}

const RARE: readonly (string | undefined)[] = ['repair', 'constraint']

function EnforceSteps({ step }: { readonly step: string | undefined }) {
  const names = Object.keys(ENFORCE_STEPS)
  const here = names.indexOf(step ?? '')
  return (
    <ol class="work-steps">
      {names
        .filter((name) => name === step || !RARE.includes(name))
        .map((name) => {
          const place = names.indexOf(name)
          const glyph = place < here ? 'check' : place === here ? 'half' : 'ring'
          return (
            <li key={name} aria-current={place === here ? 'step' : undefined}>
              <Glyph
                name={glyph}
                tone={place < here ? 'good' : place === here ? 'busy' : 'quiet'}
              />
              {ENFORCE_STEPS[name]}
            </li>
          )
        })}
    </ol>
  )
}

function Blockers({ blockers }: { readonly blockers: readonly Blocker[] }) {
  if (blockers.length === 0) return null
  return (
    <div class="blockers ground-warn">
      <p>
        <Glyph name="clock" tone="warn" /> <b>Waits for {some(blockers.length, 'session')}</b>
      </p>
      <ul>
        {blockers.map(({ pid, user, application, state, since, query }) => (
          <li key={pid}>
            <b>{application || 'an application without a name'}</b>
            {user && ` of ${user}`}, pid {pid}
            {state && `, ${state}`}
            {since && (
              <>
                , in a transaction since <Time at={since} />
              </>
            )}
            {query && <code>{query}</code>}
          </li>
        ))}
      </ul>
      <p>
        It goes on by itself once they end. To end one:{' '}
        <code>SELECT pg_terminate_backend(PID)</code>
      </p>
    </div>
  )
}
