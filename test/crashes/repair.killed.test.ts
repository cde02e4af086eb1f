import { afterAll, beforeAll, expect, test } from 'vitest'
import { tracesOf } from '../enforcement/traces.ts'
import { type Opened, open } from '../rows/lessons.ts'
import { ALL_BOOKS, BATCH_MS, BOOKS, books, ENFORCING } from './books.ts'
import { inLanes, startProcess } from './processes.ts'
import type { RepairTask } from './repairer.ts'
import { MOMENTS } from './task.ts'

// In full: ONCEOVER_KILL_STRIDE=1 npm test -- test/crashes/repair.killed.test.ts
const STRIDE = Number(process.env.ONCEOVER_KILL_STRIDE ?? 97)
const TIME_LIMIT_MS = 3_600_000
const LANES = 2
const NEVER = 1_000_000

type Phase = RepairTask['phase']

/** A database for the processes of one lane: what is killed in it disturbs nobody else. */
interface Lane {
  readonly opened: Opened
  busy: boolean
}

const lanes: Lane[] = []
/** The tables after each whole number of batches of an apply that nobody kills. */
let states: readonly string[] = []

const rowsOf = async ({ opened }: Lane): Promise<string> =>
  (await opened.query(ALL_BOOKS)).map(({ row }) => row).join('\n')

const JOURNALS = `SELECT relname FROM pg_class WHERE relnamespace = 'onceover'::regnamespace
  AND relkind = 'r' AND relname ~ '^repair_\\d'`

/** Makes the tables anew, as far as a phase finds them. */
async function prepare({ opened }: Lane, phase: Phase): Promise<void> {
  await opened.query(BOOKS)
  for (const { relname } of await opened.query(JOURNALS)) {
    await opened.query(`DROP TABLE onceover.${relname}`)
  }
  await opened.query('DELETE FROM onceover.repair')
  if (phase === 'plan' || phase === 'enforce') return
  const plan = await opened.once.planRepair(books)
  if (phase === 'undo') await opened.once.applyRepair(books, plan, { batchMs: BATCH_MS })
}

beforeAll(async () => {
  for (let lane = 0; lane < LANES; lane++) lanes.push({ opened: await open(), busy: false })
  const [first] = lanes
  if (!first) return
  await prepare(first, 'plan')
  const { opened } = first
  const reached = [await rowsOf(first)]
  const plan = await opened.once.planRepair(books)
  for (let done = false; !done; ) {
    const stop = new AbortController()
    const { state } = await opened.once.applyRepair(books, plan, {
      batchMs: BATCH_MS,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    })
    reached.push(await rowsOf(first))
    done = state === 'applied'
  }
  states = reached
  expect(new Set(states).size).toBe(states.length)
})
afterAll(async () => {
  for (const { opened } of lanes) await opened.close()
})

/** Resolves when no session of the killed process is left: it may still be committing. */
async function untilDisconnected({ opened }: Lane): Promise<void> {
  const racing = `SELECT FROM pg_stat_activity
    WHERE application_name = 'work' AND datname = current_database()`
  while ((await opened.query(racing)).length > 0);
}

async function plannedTwice({ opened }: Lane): Promise<void> {
  const stored = await opened.once.repairs({ guard: books.name })
  expect(stored.map(({ state }) => state)).toEqual(stored.map(() => 'planned'))
  const journals = await opened.query(JOURNALS)
  if (stored.length === 0) expect(journals).toEqual([])
  await opened.once.applyRepair(books, stored[0]?.plan ?? (await opened.once.planRepair(books)))
}

/** Applies or undoes what was killed on its way, and says in which of the states it ended. */
async function goOn(lane: Lane, phase: Phase, back: boolean): Promise<void> {
  const { once } = lane.opened
  if (phase === 'plan') {
    expect(await rowsOf(lane)).toBe(states[0])
    return plannedTwice(lane)
  }
  const [stored] = await once.repairs({ guard: books.name })
  if (!stored) throw new Error('the repair is gone')
  const { id, plan, state, batches } = stored
  expect(await rowsOf(lane)).toBe(state === 'undone' ? states[0] : states[batches])
  if (phase === 'apply' && !back) {
    await once.applyRepair(books, plan, { batchMs: BATCH_MS })
    return expect(await rowsOf(lane)).toBe(states.at(-1))
  }
  if (state === 'applied' || state === 'applying') await once.undoRepair(id)
  expect(await rowsOf(lane)).toBe(states[0])
  expect((await once.repairs({ guard: books.name }))[0]?.state).toBe(
    state === 'planned' ? 'planned' : 'undone',
  )
}

async function onLane(work: (lane: Lane) => Promise<void>): Promise<void> {
  const lane = lanes.find(({ busy }) => !busy)
  if (!lane) throw new Error('every lane is busy')
  lane.busy = true
  await work(lane).finally(() => {
    lane.busy = false
  })
}

async function statementsOf(lane: Lane, phase: Phase): Promise<number> {
  await prepare(lane, phase)
  const { url } = lane.opened.db
  const child = startProcess({ url, phase, kill: { at: NEVER, moment: MOMENTS[0] } }, 'repairer.ts')
  return (await child.told('done')).statements
}

/** Kills a process at points of a phase, and looks after each what comes of it. */
async function killEverywhere(
  phase: Phase,
  look: (lane: Lane, nth: number) => Promise<void>,
): Promise<{ readonly points: number; readonly killed: number }> {
  let statements = 0
  await onLane(async (lane) => {
    statements = await statementsOf(lane, phase)
  })
  const points = Array.from({ length: statements }, (_, place) =>
    MOMENTS.map((moment) => ({ at: place + 1, moment })),
  )
    .flat()
    .filter((_, place) => place % STRIDE === STRIDE - 1)
  let killed = 0
  await inLanes([...points.entries()], LANES, ([nth, kill]) =>
    onLane(async (lane) => {
      await prepare(lane, phase)
      const task: RepairTask = { url: lane.opened.db.url, phase, kill }
      if ((await startProcess(task, 'repairer.ts').ended) === 'killed') killed++
      await untilDisconnected(lane)
      await look(lane, nth)
    }),
  )
  console.info(`${phase}: ${JSON.stringify({ statements, killed, batches: states.length - 1 })}`)
  return { points: points.length, killed }
}

test.each(['plan', 'apply', 'undo'] as const)(
  'a process killed at any statement of the %s of a repair leaves whole batches, and can go on',
  async (phase) => {
    const { points, killed } = await killEverywhere(phase, (lane, nth) =>
      goOn(lane, phase, nth % 2 === 1),
    )
    expect(killed).toBe(points)
  },
  TIME_LIMIT_MS,
)

test(
  'a process killed at any statement of an enforcement that repairs is finished by the next one',
  async () => {
    const { killed } = await killEverywhere('enforce', async (lane, nth) => {
      const { opened } = lane
      expect(states).toContain(await rowsOf(lane))
      await opened.once.enforce(books, ENFORCING)
      expect(await rowsOf(lane)).toBe(states.at(-1))
      // Nothing but its index, and the one that the table had.
      expect(await tracesOf(opened.db.pool, 'book')).toEqual(['book_part_of_idx', books.index])
      if (nth % 2 === 0) return
      await opened.once.unenforce(books)
      for (const { id, state } of await opened.once.repairs({ guard: books.name })) {
        if (state === 'applied') await opened.once.undoRepair(id)
      }
      expect(await rowsOf(lane)).toBe(states[0])
    })
    // How often it looks at how far a build is differs from time to time.
    expect(killed).toBeGreaterThan(0)
  },
  TIME_LIMIT_MS,
)
