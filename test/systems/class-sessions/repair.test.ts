import type { Applied } from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { enforceGuards } from '../../../systems/class-sessions/enforce.ts'
import { advanceAll } from '../../../systems/class-sessions/generate.ts'
import { series, sessions } from '../../../systems/class-sessions/guards.ts'
import { incidentRows, loadRows } from '../../../systems/class-sessions/incident.ts'
import { scanIncident } from '../../../systems/class-sessions/incident-scan.ts'
import { repairSchool, undoSchool } from '../../../systems/class-sessions/repair.ts'
import { emptyTables } from '../../../systems/class-sessions/tables.ts'
import { countDiffering, setAside } from '../../../systems/set-aside.ts'
import { openSchool, type TestSchool } from './school.ts'

const TABLES = ['class_series', 'class_sessions', 'class_session_students']
const INDEXES = [
  'ux_class_series_active_private',
  'ux_class_session_students_unique',
  'ux_class_sessions_unique_1on1',
  'ux_class_sessions_unique_group',
]
const ANA = { actor: 'ana', reason: 'duplicates of 2025-10-23' }

let school: TestSchool
let applied: readonly Applied[]

beforeAll(async () => {
  school = await openSchool(0)
  await emptyTables(school.pool)
  await loadRows(school.pool, incidentRows())
  await school.once.migrate()
  await setAside(school.pool, TABLES)
})

afterAll(() => school?.drop())

const rows = async (text: string) => (await school.pool.query(text)).rows

const day = () =>
  rows(
    `SELECT status, count(*)::int AS sessions FROM class_sessions
     WHERE date = '2025-10-23' GROUP BY status ORDER BY status`,
  )

const indexes = async () => {
  const found = await rows(
    "SELECT relname FROM pg_class WHERE relname LIKE 'ux_class%' AND relkind = 'i' ORDER BY 1",
  )
  return found.map((index) => index.relname)
}

const HEALED = [
  { status: 'CONFIRMED', sessions: 62 },
  { status: 'CONFLICTED', sessions: 3 },
]

test('a plan says what a repair would do, and changes no row', async () => {
  const plans = [
    await school.once.planRepair(series, ANA),
    await school.once.planRepair(sessions, ANA),
  ]
  expect(plans).toMatchObject([
    { rows: 24, groups: 11, losers: { set: { status: 'PAUSED' } } },
    {
      rows: 300,
      losers: 'delete',
      children: [{ table: '"public"."class_session_students"', rows: 0 }],
    },
  ])
  expect(plans[1]?.largest[0]).toMatchObject({ rows: 18, keeper: { status: 'CONFIRMED' } })
  expect(await countDiffering(school.pool, TABLES)).toBe(0)
})

test('the repair pauses 24 series first, then removes 300 sessions', async () => {
  applied = await repairSchool(school, ANA)
  expect(applied).toMatchObject([
    { state: 'applied', rows: 24, changed: 24, removed: 0, skipped: 0, left: { excess: 0 } },
    { state: 'applied', rows: 300, changed: 0, removed: 300, skipped: 0, left: { excess: 0 } },
  ])
  expect(await school.once.repairs({ state: 'applied' })).toMatchObject([
    { guard: 'class-sessions', ...ANA },
    { guard: 'class-series', ...ANA },
  ])
})

test('the day has 65 sessions then, of each key the earliest', async () => {
  expect(await day()).toEqual(HEALED)
  expect(await scanIncident(school.once)).toMatchObject({ onTheDay: 65, excess: 0, laterSeries: 0 })
  const later = await rows(
    `SELECT kept.id FROM class_sessions AS kept JOIN class_sessions_set_aside AS old
       USING (date, start_time, end_time, teacher_id, student_id)
     WHERE NOT kept.is_cancelled AND NOT old.is_cancelled
       AND (old.created_at, old.id) < (kept.created_at, kept.id)`,
  )
  expect(later).toEqual([])
})

test('no series is gone; cancelled sessions, group classes and rosters are as before', async () => {
  expect(await countDiffering(school.pool, ['class_session_students'])).toBe(0)
  const [beside] = await rows(
    `SELECT count(*)::int AS n FROM class_sessions JOIN class_sessions_set_aside AS old USING (id)
     WHERE class_sessions.is_cancelled OR class_sessions.student_id IS NULL`,
  )
  expect(beside).toEqual({ n: 4 })
  const changed = await rows(
    `SELECT old.status AS before, class_series.status AS after, count(*)::int AS series
     FROM class_series_set_aside AS old LEFT JOIN class_series USING (id) GROUP BY 1, 2 ORDER BY 2`,
  )
  expect(changed).toEqual([
    { before: 'ACTIVE', after: 'ACTIVE', series: 73 },
    { before: 'ACTIVE', after: 'PAUSED', series: 24 },
  ])
})

test('the guards stand then, and the generator run again makes nothing', async () => {
  await enforceGuards(school)
  expect(await indexes()).toEqual(INDEXES)
  const [planned] = await rows(
    `SELECT count(*)::int AS n FROM class_sessions
     WHERE NOT is_cancelled AND student_id IS NOT NULL AND date < '2025-11-03'`,
  )
  const run = await advanceAll(school.once, { now: '2025-10-20T00:03+09:00', days: 13 })
  expect(run).toMatchObject({ created: 0, skipped: planned.n })
  expect(await day()).toEqual(HEALED)
})

test('a repair cannot be undone while its guard stands, and nothing is changed', async () => {
  const undo = school.once.undoRepair(applied[1]?.repair ?? '', { actor: 'ana' })
  await expect(undo).rejects.toMatchObject({ code: 'UNDO_BLOCKED' })
  expect(await day()).toEqual(HEALED)
})

test('undone, every row of every table is as it was, and no guard stands', async () => {
  await undoSchool(school, applied, ANA)
  expect(await countDiffering(school.pool, TABLES)).toBe(0)
  expect(await indexes()).toEqual([])
  expect(await scanIncident(school.once)).toMatchObject({
    onTheDay: 93,
    excessOnTheDay: 28,
    excess: 300,
    laterSeries: 24,
  })
})

test('redone, the same rows go and the same figures stand', async () => {
  applied = await repairSchool(school, ANA)
  expect(applied).toMatchObject([{ changed: 24 }, { removed: 300 }])
  await enforceGuards(school)
  expect(await day()).toEqual(HEALED)
  expect(await indexes()).toEqual(INDEXES)
})

test('a repaired school needs no second repair', async () => {
  expect(await repairSchool(school, ANA)).toEqual([])
})
