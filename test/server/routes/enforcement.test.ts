import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Served, serveVisits } from './visits.ts'

let served: Served
beforeAll(async () => {
  served = await serveVisits()
  await served.once.migrate()
})
beforeEach(() => served.reset())
afterAll(() => served.close())

const ask: Served['ask'] = (what, asking) => served.ask(what, asking)

const enforce = (body = {}, status = 202) => ask('POST /guards/visits/enforce', { body, status })

test('a preflight says every statement before it is run', async () => {
  expect(await ask('GET /guards/visits/preflight')).toMatchObject({ how: 'locked' })
  const plan = await ask('GET /guards/visits/preflight?online=true&repair=true')
  expect(plan).toMatchObject({ guard: 'visits', how: 'online' })
  expect(plan.statements.map(({ step }: { step: string }) => step)).toEqual(
    expect.arrayContaining(['check', 'key index', 'gate', 'repair', 'build', 'clean up']),
  )
})

test('duplicates in the way are the answer at once, and nothing is under way', async () => {
  expect(await enforce({}, 409)).toMatchObject({ code: 'DUPLICATES_EXIST' })
  expect(await ask('GET /guards/visits')).toMatchObject({
    enforced: false,
    underway: { what: 'enforce', error: { code: 'DUPLICATES_EXIST' } },
  })
})

test('an enforcement that repairs is followed to its end, undone as a whole', async () => {
  const writer = await served.db.pool.connect()
  await writer.query('BEGIN; INSERT INTO visits VALUES (100, 100)')
  const started = await enforce({ repair: true, reason: 'twice', actor: 'desk', deadline: '1m' })
  expect(started).toMatchObject({ what: 'enforce', actor: 'desk', endedAt: null })
  for (let waits = false; !waits; ) {
    const { underway } = await ask('GET /guards/visits')
    expect(underway.endedAt).toBeNull()
    waits = underway.progress?.blockers.length > 0
  }
  expect(await enforce({}, 409)).toMatchObject({ code: 'GUARD_BUSY' })
  const asking = { body: {}, status: 409 }
  expect(await ask('POST /guards/visits/unenforce', asking)).toMatchObject({ code: 'GUARD_BUSY' })
  await writer.query('COMMIT')
  writer.release()

  const ended = await served.ended()
  expect(ended).toMatchObject({
    error: null,
    result: { created: true, repairs: [{ removed: 20 }] },
  })
  const { enforced, index, repairs } = await ask('GET /guards/visits')
  expect({ enforced, index }).toEqual({ enforced: true, index: 'ux_visits_visits' })
  expect(repairs).toMatchObject([{ state: 'applied', reason: 'twice', actor: 'desk' }])

  const [{ id }] = repairs
  expect(await ask(`POST /repairs/${id}/undo`, asking)).toMatchObject({ code: 'UNDO_BLOCKED' })
  const { dropped } = await ask('POST /guards/visits/unenforce', { body: {} })
  expect(dropped).toHaveLength(1)
  await ask(`POST /repairs/${id}/undo`, { body: {} })
  expect((await ask('GET /guards/visits/scan')).duplicates).toMatchObject({ excess: 20 })
})

test.each([
  [{ deadline: 'soon' }, 'DURATION_INVALID'],
  [{ repair: 'yes' }, 'INPUT_INVALID'],
])('%j is answered with 400 %s', async (body, code) => {
  expect(await enforce(body, 400)).toMatchObject({ code })
})
