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

const LOOKS = 3
const MS = 1000

/**
 * A moment of this process's clock by that of the database: between which two it lies. Each look at
 * both clocks leaves open when the database looked, between question and answer; the narrowest
 * counts.
 */
async function carryOver(session: Session, moment: Date): Promise<Facts['begun']> {
  let best: Facts['begun']
  for (let look = 0; look < LOOKS; look++) {
    const asked = Date.now()
    const told = await ask(session, null)
    // A Date has whole milliseconds only.
    const [before, after] = [asked - 1, Date.now() + 1]
    if (!told) return undefined
    const since = (clock: number) => told.now - (clock - moment.getTime()) / MS
    const [from, to] = [since(after), since(before)]
    if (best === undefined || to - from < best.to - best.from) best = { from, to }
  }
  return best
}

/**
 * When the error was raised and the attempt began, by the clock of the database; seconds since
 * 1970.
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
  const now = told?.now ?? Date.now() / MS
  const begun = startedAt && (await carryOver(session, startedAt))
  return { at: at === 'now' ? now : (told?.at ?? undefined), now, begun, foreseen }
}
