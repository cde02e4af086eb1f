import { useEffect, useState } from 'preact/hooks'
import type { Change, Underway } from '../contract.ts'
import { liveState, onChange } from '../live.ts'
import { say } from './toast.tsx'

const LOOK_MS = 2000

const isUnderway = (change: Change): change is Change & Underway =>
  change.kind === 'underway' && typeof change.startedAt === 'string'

/** Whether work still runs. */
export const isRunning = (work: Underway | undefined): boolean => work?.endedAt === null

/**
 * The latest work of a guard but its runs: an apply, an undo, an enforcement. It follows the live
 * changes, and asks again and again while work runs and the line is not open.
 *
 * @param read what was read of the guard
 * @param reload reads the guard anew
 */
export function useUnderway(
  guard: string,
  read: Underway | null | undefined,
  reload: () => void,
): Underway | undefined {
  const [heard, setHeard] = useState<Underway | undefined>()
  useEffect(
    () =>
      onChange((change) => {
        if (!isUnderway(change) || change.guard !== guard || change.what === 'run') return
        setHeard(change)
        announce(change)
      }),
    [guard],
  )
  const known = read && read.what !== 'run' ? read : undefined
  const latest = later(heard, known)
  const alone = isRunning(latest) && liveState.value !== 'on'
  useEffect(() => {
    if (!alone) return
    const timer = setInterval(reload, LOOK_MS)
    return () => clearInterval(timer)
  }, [alone, reload])
  return latest
}

const DONE: Readonly<Record<string, string>> = {
  apply: 'The repair is applied.',
  enforce: 'A unique index stands for the key now.',
}

const announced = new Set<string>()

// What is answered at once is said by whoever asked; what takes its time, as soon as it is over.
function announce({ guard, what, startedAt, endedAt, error }: Underway): void {
  const id = `${guard}\n${what}\n${startedAt}`
  const words = DONE[what]
  if (endedAt === null || error || words === undefined || announced.has(id)) return
  announced.add(id)
  say(words)
}

function later(heard: Underway | undefined, read: Underway | undefined): Underway | undefined {
  if (!heard || !read) return heard ?? read
  if (heard.startedAt !== read.startedAt) return heard.startedAt > read.startedAt ? heard : read
  return read.endedAt !== null ? read : heard
}

/**
 * Changes that alter how a guard stands: of its runs, repairs and duplicates, and the beginning and
 * the end of its long work, not each step of it.
 */
export const ofStanding =
  (guard: string) =>
  (change: Change): boolean =>
    change.guard === guard &&
    (change.kind === 'underway' ? change.endedAt !== null : change.kind !== 'event')

/** Changes after which other duplicates may stand. */
export const ofDuplicates =
  (guard: string) =>
  (change: Change): boolean =>
    change.guard === guard &&
    ((change.kind === 'underway' && change.endedAt !== null && change.what !== 'run') ||
      (change.kind === 'repair' && change.state !== 'planned'))
