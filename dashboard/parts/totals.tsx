import { lookOf, State } from './state.tsx'

/** Counts by state or verdict, the zeros left out; `rows` is the sum and not a state. */
export function Totals({ of }: { readonly of: Readonly<Record<string, number | undefined>> }) {
  const counts = counted(of)
  if (counts.length === 0) return <span class="soft">none</span>
  return (
    <span class="states">
      {counts.map(([name, count]) => (
        <State key={name} name={name} count={count.toLocaleString()} />
      ))}
    </span>
  )
}

/** The same as one bar, in shares. It says nothing that the counts beside it do not. */
export function ShareBar({ of }: { readonly of: Readonly<Record<string, number | undefined>> }) {
  return (
    <div class="share" aria-hidden="true">
      {counted(of).map(([name, count]) => (
        <i key={name} class={`fill-${lookOf(name).tone} of-${name}`} style={{ flexGrow: count }} />
      ))}
    </div>
  )
}

const counted = (of: Readonly<Record<string, number | undefined>>) =>
  Object.entries(of).filter(
    (entry): entry is [string, number] => entry[0] !== 'rows' && (entry[1] ?? 0) > 0,
  )
