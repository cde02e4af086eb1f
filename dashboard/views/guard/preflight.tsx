import { useState } from 'preact/hooks'
import type { EnforcementPlan, PlannedStatement } from '../../../src/index.ts'
import { apiPath } from '../../api.ts'
import type { GuardDetail } from '../../contract.ts'
import { Shown } from '../../parts/notice.tsx'
import { some } from '../../parts/prose.tsx'
import { Glyph } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { mayWrite } from '../../session.ts'
import type { Chosen } from './ask-enforce.tsx'
import { type Choices, EnforceChoices } from './choices.tsx'

const HOW = {
  standing: 'Nothing is left to do.',
  locked: 'The table is small: the index is made in one moment, for which writers wait.',
  online: 'The index is built while readers and writers go on; until then a gate stands for it.',
} as const

/** Every statement that enforcing would run as it is chosen, and the button that runs them. */
export function Preflight({
  guard,
  onEnforce,
}: {
  readonly guard: GuardDetail
  readonly onEnforce: (chosen: Chosen) => void
}) {
  const [choices, setChoices] = useState<Choices>({})
  const plan = useResource<EnforcementPlan>(
    apiPath(['guards', guard.name, 'preflight'], { ...choices }),
  )
  const { data, error, stale } = plan
  const ready = data !== undefined && !error && !stale
  return (
    <section class="preflight" aria-labelledby="preflight">
      <div class="preflight-head">
        <div>
          <h2 id="preflight">Enforce it</h2>
          <p class="soft">
            {ready ? HOW[data.how] : 'These statements would run, and nothing else.'}
          </p>
        </div>
        {mayWrite() && (
          <button
            type="button"
            class="primary"
            disabled={!ready}
            onClick={() => data && onEnforce({ plan: data, choices })}
          >
            Enforce
          </button>
        )}
      </div>
      <EnforceChoices choices={choices} onChoose={setChoices} />
      {error ? (
        <Shown of={{ ...plan, data: undefined }}>{() => null}</Shown>
      ) : (
        <Shown of={plan}>{({ statements }) => <Statements statements={statements} />}</Shown>
      )}
    </section>
  )
}

function Statements({ statements }: { readonly statements: readonly PlannedStatement[] }) {
  return (
    <div class="table-box">
      <p class="hidden">{some(statements.length, 'statement')}, in order</p>
      <ol class="statements">
        {statements.map((statement, place) => (
          <Statement key={`${place} ${statement.sql}`} statement={statement} place={place + 1} />
        ))}
      </ol>
    </div>
  )
}

/** How much a lock is felt: by nobody, by builders of indexes, or by those who write or read. */
const weightOf = (lock: string) =>
  lock.startsWith('none') ? 'none' : lock.startsWith('SHARE UPDATE') ? 'light' : 'heavy'

const GLYPHS = {
  none: <Glyph name="ring" tone="quiet" />,
  light: <Glyph name="check" tone="good" />,
  heavy: <Glyph name="clock" tone="warn" />,
} as const

function Statement({
  statement: { step, sql, why, lock },
  place,
}: {
  readonly statement: PlannedStatement
  readonly place: number
}) {
  return (
    <li>
      <details>
        <summary>
          <span class="statement-place soft">{place}</span>
          <b>{step}</b>
          <span class="statement-why">{why}</span>
          <span class="statement-lock">
            {GLYPHS[weightOf(lock)]} <span class="hidden">Lock: </span>
            {lock}
          </span>
          <code class="statement-start" aria-hidden="true">
            {sql.split('\n')[0]}
          </code>
        </summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by the keys */}
        <pre tabIndex={0}>{sql}</pre>
      </details>
    </li>
  )
}
