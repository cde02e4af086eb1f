import type { ComponentChildren } from 'preact'
import type { GuardDetail } from '../../contract.ts'
import { Failure } from '../../parts/notice.tsx'
import { State } from '../../parts/state.tsx'
import { errorOf } from '../../parts/work-panel.tsx'
import { href } from '../../route.ts'
import { mayWrite } from '../../session.ts'
import { Unenforce } from './unenforce.tsx'

/** Whether the database enforces a guard, what that means, and what to do next. */
export function Standing({
  guard,
  running,
  onChanged,
}: {
  readonly guard: GuardDetail
  /** Whether long work of the guard is under way. */
  readonly running: boolean
  readonly onChanged: () => void
}) {
  const { name, enforced, error, index, inspection } = guard
  if (error) return <Failure error={errorOf(error)} retry={onChanged} />
  if (enforced && index) {
    return (
      <Said state="enforced">
        <p>
          The unique index <code>{index}</code> stands for the key: the database refuses a second
          row, whoever writes it.
        </p>
        {mayWrite() && <Unenforce guard={guard} disabled={running} onChanged={onChanged} />}
      </Said>
    )
  }
  if (inspection && inspection.enforced === undefined) {
    return (
      <Said state="waiting" label="not known">
        <p>
          The role of this server may not ask which index covers the key. Grant it INSERT on{' '}
          <code>{inspection.table}</code> to see it here.
        </p>
      </Said>
    )
  }
  return (
    <Said state="not enforced">
      <p>
        No valid unique index covers the key: nothing in the database stops the next duplicate, and
        Onceover makes no row of this guard before one does.
      </p>
      <p>
        <a href={href(['guards', name, 'duplicates'])}>Look for duplicates</a> first, then enforce.
      </p>
    </Said>
  )
}

function Said({
  state,
  label,
  children,
}: {
  readonly state: string
  readonly label?: string
  readonly children: ComponentChildren
}) {
  return (
    <section class="panel standing-panel" aria-label="How it stands">
      <State name={state} label={label} />
      <div>{children}</div>
    </section>
  )
}
