import { apiPath } from '../api.ts'
import type { GuardDetail } from '../contract.ts'
import { GuardView } from '../parts/guard-view.tsx'
import { Empty, Shown } from '../parts/notice.tsx'
import { View } from '../parts/page.tsx'
import { Glyph } from '../parts/state.tsx'
import { useResource } from '../resource.ts'
import { go, href, route } from '../route.ts'
import { guards, mayWrite } from '../session.ts'
import { Maker } from './create/maker.tsx'

/** Makes keys or rows of a guard, after a look at what would become of each. */
export function Create({ params }: { readonly params: Readonly<Record<string, string>> }) {
  const guard = params.guard ?? ''
  const detail = useResource<GuardDetail>(apiPath(['guards', guard]))
  return (
    <GuardView guard={guard} title="Create" actions={<a href={href(['create'])}>Another guard</a>}>
      {mayWrite() ? (
        <Shown of={detail}>
          {(known) => (
            <>
              {!known.enforced && <NotEnforced guard={guard} />}
              <Maker guard={known} />
            </>
          )}
        </Shown>
      ) : (
        <Empty title="This page may read only">
          <p>
            Start the server with <code>write: true</code>, or come with a token that may write, to
            create anything from here.
          </p>
        </Empty>
      )}
    </GuardView>
  )
}

function NotEnforced({ guard }: { readonly guard: string }) {
  return (
    <p class="banner ground-warn">
      <Glyph name="ring" tone="warn" /> No unique index stands for this guard yet, so nothing can be
      created safely: two callers could make the same key.{' '}
      <a href={href(['guards', guard])}>Enforce it first</a>.
    </p>
  )
}

/** Asks which guard to create for; goes on at once where the address names one. */
export function CreateFor() {
  const { guard } = route.value.query
  if (guard) go(['guards', guard, 'create'], {}, true)
  return (
    <View title="Create" above={<a href={href(['runs'])}>Runs</a>}>
      {guards.value.length === 0 ? (
        <Empty title="No guard is declared">
          <p>Give the server the guards of the application to create rows of them here.</p>
        </Empty>
      ) : (
        <ul class="guard-choice">
          {guards.value.map(({ name, table, key, generator }) => (
            <li key={name}>
              <a href={href(['guards', name, 'create'])}>
                <b>{name}</b>
                <span class="soft">
                  {generator ? 'a range or keys, made by its generator' : `rows of ${table}`}
                </span>
                <span class="soft">{key.join(', ')}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </View>
  )
}
