import type { Session } from '../postgres/session.ts'
import type { Facts } from './facts.ts'
import type { ExplainOptions } from './options.ts'
import { selectMoments } from './queries.ts'
import { quietly } from './quietly.ts'

interface Moments {
  readonly now: number
  readonly at: number | null
}

async function ask(session: Session, at: string | null): Promise<Moments | undefined> {
  const [row] =
    (await quietly(session, () => session.query<{ moments: string }>(selectMoments(at)))) ?? []
  return row && JSON.parse(row.moments)
}

/**
 * When the error was raised and the attempt began, by the clock of the database; seconds since
 * 1970. What the clock of this process says is carried over by its distance from now.
 *
 * @param at the moment as a log writes it, `now` for an error that was just thrown
 */
export async function momentsOf(
  session: Session,
  at: string | undefined,
  { startedAt, foreseen }: Pick<ExplainOptions, 'startedAt' | 'foreseen'>,
): Promise<Pick<Facts, 'at' | 'now' | 'begun' | 'foreseen'>> {
  const logged = at === undefined || at === 'now' ? null : at
  const told = (await ask(session, logged)) ?? (await ask(session, null))
  const now = told?.now ?? Date.now() / 1000
  const begun = startedAt && now - (Date.now() - startedAt.getTime()) / 1000
  return { at: at === 'now' ? now : (told?.at ?? undefined), now, begun, foreseen }
}
