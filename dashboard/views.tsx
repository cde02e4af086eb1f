import type { ComponentType } from 'preact'
import { Empty } from './parts/notice.tsx'
import { View } from './parts/page.tsx'
import { href } from './route.ts'
import { Audit } from './views/audit.tsx'
import { Calendar } from './views/calendar.tsx'
import { Create, CreateFor } from './views/create.tsx'
import { Duplicates } from './views/duplicates.tsx'
import { GuardPage } from './views/guard.tsx'
import { KeyPage } from './views/key.tsx'
import { Matrix } from './views/matrix.tsx'
import { Overview } from './views/overview.tsx'
import { Repair } from './views/repair.tsx'
import { Repairs } from './views/repairs.tsx'
import { Run } from './views/run.tsx'
import { Runs } from './views/runs.tsx'

/** What a view is given: the parts of its path that a colon names. */
export interface ViewProps {
  readonly params: Readonly<Record<string, string>>
}

/**
 * The views by path. `:name` stands for any part, and is given to the view under that name. What
 * stands in the query a view reads from `route`.
 */
const VIEWS: readonly (readonly [path: string, view: ComponentType<ViewProps>])[] = [
  ['', Overview],
  ['guards/:guard', GuardPage],
  ['guards/:guard/matrix', Matrix],
  ['guards/:guard/calendar', Calendar],
  ['guards/:guard/key', KeyPage],
  ['guards/:guard/duplicates', Duplicates],
  ['guards/:guard/create', Create],
  ['runs', Runs],
  ['runs/:id', Run],
  ['repairs', Repairs],
  ['repairs/:id', Repair],
  ['create', CreateFor],
  ['audit', Audit],
]

/** The view of a path. */
export function Shown({ path }: { readonly path: readonly string[] }) {
  for (const [pattern, Found] of VIEWS) {
    const params = match(pattern.split('/').filter(Boolean), path)
    // A key for each place: going from one guard to another starts the view anew.
    if (params)
      return <Found key={[pattern, ...Object.values(params)].join('\n')} params={params} />
  }
  return (
    <View title="Not here">
      <Empty title="There is nothing at this address">
        <p>
          <a href={href([])}>All guards</a>
        </p>
      </Empty>
    </View>
  )
}

function match(
  pattern: readonly string[],
  path: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (pattern.length !== path.length) return undefined
  const params: Record<string, string> = {}
  for (const [place, part] of pattern.entries()) {
    const given = path[place] ?? ''
    if (part.startsWith(':')) params[part.slice(1)] = given
    else if (part !== given) return undefined
  }
  return params
}
