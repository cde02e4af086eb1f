import { isMigrated } from '../postgres/schema.ts'
import type { Session } from '../postgres/session.ts'
import { selectClaim, selectKeyEvents, selectRunStart } from './history/queries.ts'
import { quietly } from './quietly.ts'

/** What one line of the audit says of a key. Moments are seconds since 1970. */
export interface KeyEvent {
  readonly verdict: string
  readonly run: string
  readonly actor: string | null
  readonly reason: string | null
  readonly at: number
}

/** The claim of a key. */
export interface KeyClaim {
  readonly state: string
  readonly run: string
  readonly worker: string | null
  readonly actor: string | null
  readonly reason: string | null
  readonly claimed: number
  readonly ended: number | null
}

/** What Onceover's own tables know of a key. */
export interface History {
  /** The event that made the row. */
  readonly made: KeyEvent | undefined
  readonly claim: KeyClaim | undefined
  /** When the run that was asked about began, where it is one of work. */
  readonly runStart: number | undefined
  /** Whether the key stood twice in the input of that run. */
  readonly collided: boolean
}

/** What is known of a key that nothing is known of. */
export const NO_HISTORY: History = {
  made: undefined,
  claim: undefined,
  runStart: undefined,
  collided: false,
}

/** Which key to ask for. */
export interface AskedKey {
  readonly guard: string
  /** The canonical key as a JSON array. */
  readonly key: string | undefined
  readonly hash: string | undefined
  /** The run that met the key, where it is known. */
  readonly run?: string | undefined
  /** When the row was made, as far as it says so itself; seconds since 1970. */
  readonly near?: number | undefined
}

const MADE = ['created', 'replaced', 'allowed'] as const
const TURNED_AWAY = ['skipped', 'collided', 'failed', 'in_flight'] as const
const SHOWN = 20

async function eventsOf(
  session: Session,
  { guard, key, run, near }: AskedKey,
  verdicts: readonly string[],
  limit: number,
): Promise<readonly KeyEvent[]> {
  if (key === undefined) return []
  const rows = await session.query<{ event: string }>(
    selectKeyEvents({ guard, key, verdicts, run, near, limit }),
  )
  return rows.map(({ event }) => JSON.parse(event))
}

// Around the time that the row itself names, or else among the newest.
async function makingEvent(session: Session, asked: AskedKey): Promise<KeyEvent | undefined> {
  const [near] = asked.near === undefined ? [] : await eventsOf(session, asked, MADE, 1)
  if (near) return near
  const [newest] = await eventsOf(session, { ...asked, near: undefined }, MADE, 1)
  return newest
}

async function read(session: Session, asked: AskedKey): Promise<History> {
  const { guard, hash, run } = asked
  const made = await makingEvent(session, { ...asked, run: undefined })
  const [claim] =
    hash === undefined ? [] : await session.query<{ claim: string }>(selectClaim(guard, hash))
  const [start] =
    run === undefined ? [] : await session.query<{ started: string }>(selectRunStart(run))
  const inRun = { ...asked, near: undefined }
  const collided = run === undefined ? [] : await eventsOf(session, inRun, ['collided'], 1)
  return {
    made,
    claim: claim && JSON.parse(claim.claim),
    runStart: start && Number(start.started),
    collided: collided.length > 0,
  }
}

/** Reads what our own tables know of a key: nothing where they are missing, or not ours to read. */
export async function historyOf(session: Session, asked: AskedKey): Promise<History> {
  if (!(await isMigrated(session))) return NO_HISTORY
  return (await quietly(session, () => read(session, asked))) ?? NO_HISTORY
}

/** Who was turned away at a key, and what became of it there, newest first. */
export async function turnedAwayAt(
  session: Session,
  asked: AskedKey,
): Promise<readonly KeyEvent[]> {
  if (!(await isMigrated(session))) return []
  return (await quietly(session, () => eventsOf(session, asked, TURNED_AWAY, SHOWN))) ?? []
}
