import { useMemo } from 'preact/hooks'
import type { DuplicatePage, WholeGroup } from '../../../src/index.ts'
import { apiPath } from '../../api.ts'
import { KeyText, valueText } from '../../parts/key-text.tsx'
import { Loading } from '../../parts/notice.tsx'
import { orderWords, some } from '../../parts/prose.tsx'
import { Records } from '../../parts/records.tsx'
import { ofDuplicates } from '../../parts/underway.ts'
import { GroupPages, useGroups } from './group-pages.tsx'

/** The duplicate groups of a guard by pages: what stays and what goes, side by side. */
export function Groups({ guard }: { readonly guard: string }) {
  const path = apiPath(['guards', guard, 'duplicates'], { limit: 10 })
  const concerns = useMemo(() => ofDuplicates(guard), [guard])
  const found = useGroups(path, concerns)
  const [page] = found.pages
  const groups = found.pages.flatMap((each) => each.groups)
  return (
    <section class="groups" aria-labelledby="groups">
      <div>
        <h2 id="groups">The rows</h2>
        {page && (
          <p class="soft">
            Of each key the first by <code>{orderWords(page.keep)}</code> stays. What differs from
            it is marked <span class="unequal">≠</span>.
          </p>
        )}
      </div>
      {!page && !found.error && <Loading />}
      <ol class="group-list">
        {page &&
          groups.map((group) => (
            <Group key={group.cursor} guard={guard} group={group} page={page} />
          ))}
      </ol>
      <GroupPages found={found} />
    </section>
  )
}

function Group({
  guard,
  group,
  page,
}: {
  readonly guard: string
  readonly group: WholeGroup
  readonly page: DuplicatePage
}) {
  const { key, rows, keeper, losers, differs } = group
  const go = rows - 1
  const shown = [
    ...page.primaryKey,
    ...page.columns.filter((name) => differs.includes(name) && !page.primaryKey.includes(name)),
  ]
  const same = page.columns.filter((name) => !shown.includes(name))
  return (
    <li class="panel group">
      <p class="group-head">
        <KeyText values={key} guard={guard} />
        <span class="soft">
          {some(rows, 'row')}: 1 stays, {go.toLocaleString()}{' '}
          {page.losersPolicy === 'delete' ? (go === 1 ? 'goes' : 'go') : 'set'}
        </span>
      </p>
      <Records
        columns={shown}
        keeper={keeper}
        losers={losers}
        unseen={go - losers.length}
        policy={page.losersPolicy}
        ids={page.primaryKey}
      />
      {same.length > 0 && (
        <details class="same">
          <summary class="soft">{some(same.length, 'column is', 'columns are')} the same</summary>
          <dl class="facts">
            {same.map((name) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{valueText(keeper[name])}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </li>
  )
}
