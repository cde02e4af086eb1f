import { onceover } from 'onceover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPaidApi } from '../../../systems/job-batches/paid-api.ts'
import { submissionApi } from '../../../systems/job-batches/submission-api.ts'
import { submitBatches } from '../../../systems/job-batches/submit.ts'
import { gate, jobsOf, type PaidSystem, paidSystem } from './paid-system.ts'
import { startSystem, type TestSystem } from './system.ts'

let system: TestSystem
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.stop())

const steps = () => ({ ...system.once.counters.steps })
const OFFERS = ['keys', 'lookup', 'neither'] as const

describe('submitting batches', () => {
  test('pays each job once, records what the API calls it, and moves it on', async () => {
    const { paid, batchIds, submit } = await paidSystem(system, 'lookup')

    const { totals, jobs } = await submit()

    expect(totals).toMatchObject({ rows: 8, created: 8 })
    expect(jobs.map(({ verdict }) => verdict)).toEqual(Array(8).fill('created'))
    const { rows } = await system.pool.query(
      `SELECT job_id AS "jobId", external_id AS "externalId" FROM irp_submission
       WHERE job_id = ANY ($1) ORDER BY job_id`,
      [jobs.map(({ jobId }) => jobId)],
    )
    expect(jobs).toMatchObject(rows)
    expect(await jobsOf(system.pool, batchIds)).toEqual({ SUBMITTED: 8, submissions: 8 })
    expect(paid.bill).toMatchObject({ calls: 8, charges: 8, lookups: 0 })
    const { rows: batches } = await system.pool.query(
      'SELECT DISTINCT status::text FROM irp_batch WHERE id = ANY ($1)',
      [batchIds],
    )
    expect(batches).toEqual([{ status: 'ACTIVE' }])
  })

  test('a second time finds nothing to submit', async () => {
    const { paid, submit } = await paidSystem(system, 'neither')
    await submit()
    expect((await submit()).jobs).toEqual([])
    expect(paid.bill.calls).toBe(8)
  })

  test('by four at once pays each job once, and all are told what it is called', async () => {
    const { paid, batchIds, workflow } = await paidSystem(system, 'neither')
    const others = await Promise.all([1, 2, 3].map(() => onceover({ db: system.pool })))
    const { opened, open } = gate()
    paid.behave(() => ({ answersAfter: opened }))
    const runs = [system.once, ...others].map((once) =>
      submitBatches({ ...workflow, once }, { batchIds, actor: 'ana' }),
    )
    await paid.charged(8)
    open()

    const answers = await Promise.all(runs)

    expect(paid.bill).toMatchObject({ calls: 8, charges: 8 })
    expect(answers.reduce((sum, { totals }) => sum + (totals.created ?? 0), 0)).toBe(8)
    for (const { jobs } of answers) {
      for (const { verdict, externalId } of jobs) {
        expect(['created', 'skipped']).toContain(verdict)
        expect(externalId).toMatch(/^sub_/)
      }
    }
    await Promise.all(others.map((once) => once.close()))
  })
})

describe.each(OFFERS)('an API that offers %s', (offers) => {
  test('and refuses a job took no money; the next run submits it without a question', async () => {
    const { paid, batchIds, submit } = await paidSystem(system, offers)
    paid.behave(() => ({ fault: 'refuses' }))
    const { totals, jobs } = await submit()
    expect(totals).toMatchObject({ failed: 8 })
    expect(jobs[0]?.reason).toContain('The API answered 422')
    expect(await jobsOf(system.pool, batchIds)).toEqual({ INITIATED: 8, submissions: 0 })

    paid.behave(() => ({}))
    expect((await submit()).totals).toMatchObject({ created: 8 })
    expect(paid.bill).toMatchObject({ calls: 16, charges: 8, lookups: 0 })
  })

  test('and cannot be reached took no money', async () => {
    const { paid, batchIds, workflow, submit } = await paidSystem(system, offers)
    await paid.close()
    expect((await submit()).totals).toMatchObject({ failed: 8 })

    const again = await openPaidApi(offers)
    system.alsoClose(() => again.close())
    const moved = { ...workflow, api: submissionApi(again) }
    const { totals } = await submitBatches(moved, { batchIds, actor: 'ana', backoff: '0ms' })
    expect(totals).toMatchObject({ created: 8 })
    expect(again.bill).toMatchObject({ calls: 8, charges: 8, lookups: 0 })
  })

  test('and answers is not called again when the record of its answer fails', async () => {
    const { paid, batchIds, submit } = await paidSystem(system, offers)
    await system.pool.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
       AS $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$;
       CREATE TRIGGER full_disk BEFORE INSERT ON irp_submission EXECUTE FUNCTION refuse()`,
    )
    const before = steps()
    expect((await submit()).totals).toMatchObject({ failed: 8 })
    await system.pool.query('DROP FUNCTION refuse CASCADE')

    expect((await submit()).totals).toMatchObject({ created: 8 })

    expect(paid.bill).toMatchObject({ calls: 8, charges: 8, lookups: 0 })
    expect(await jobsOf(system.pool, batchIds)).toEqual({ SUBMITTED: 8, submissions: 8 })
    const after = steps()
    expect(after.made - before.made).toBe(8)
    expect(after.avoided - before.avoided).toBe(8)
    expect(after.asked).toBe(before.asked)
  })
})

describe.each(['breaks', 'unavailable'] as const)('an answer lost because the API %s', (fault) => {
  test('is asked for where there is a lookup, and the job is paid once', async () => {
    const { paid, submit } = await paidSystem(system, 'lookup')
    paid.behave(() => ({ fault }))
    const before = steps()
    expect((await submit()).totals).toMatchObject({ failed: 8 })
    paid.behave(() => ({}))

    expect((await submit()).totals).toMatchObject({ created: 8 })

    expect(paid.bill).toMatchObject({ charges: 8, lookups: 8 })
    expect(paid.bill.calls).toBe(fault === 'breaks' ? 8 : 16)
    expect(steps().asked - before.asked).toBe(8)
  })

  test('is got by the same key where there are keys, and the job is paid once', async () => {
    const { paid, submit } = await paidSystem(system, 'keys')
    paid.behave(() => ({ fault }))
    expect((await submit()).totals).toMatchObject({ failed: 8 })
    paid.behave(() => ({}))

    expect((await submit()).totals).toMatchObject({ created: 8 })

    expect(paid.bill).toMatchObject({ calls: 16, charges: 8 })
    expect(Object.values(paid.bill.perJob)).toEqual(Array(8).fill(1))
  })

  test('with neither parks the job for a person: no run calls again', async () => {
    const { paid, batchIds, submit } = await paidSystem(system, 'neither')
    paid.behave(() => ({ fault }))
    await submit()
    paid.behave(() => ({}))

    for (const _ of [1, 2]) {
      const { jobs } = await submit()
      expect(jobs.map(({ verdict }) => verdict)).toEqual(Array(8).fill('failed'))
    }

    expect(paid.bill.calls).toBe(8)
    expect(await jobsOf(system.pool, batchIds)).toEqual({ INITIATED: 8, submissions: 0 })
  })
})

describe('an answer that came too late', () => {
  // Gives up after two seconds; whoever asks for the answer later has all the time.
  const impatient = ({ paid, workflow, batchIds }: PaidSystem) => {
    const api = submissionApi({ url: paid.url, offers: paid.offers, timeoutMs: 2_000 })
    return submitBatches({ ...workflow, api }, { batchIds, actor: 'ana', backoff: '0ms' })
  }

  test('is asked for, and the job is paid once', async () => {
    const late = await paidSystem(system, 'lookup')
    const { paid, batchIds, submit } = late
    const { opened, open } = gate()
    paid.behave(() => ({ answersAfter: opened }))
    expect((await impatient(late)).totals).toMatchObject({ failed: 8 })
    open()

    expect((await submit()).totals).toMatchObject({ created: 8 })

    expect(paid.bill).toMatchObject({ calls: 8, charges: 8 })
    expect(await jobsOf(system.pool, batchIds)).toEqual({ SUBMITTED: 8, submissions: 8 })
  })

  test('of an API that is slow to take a job is waited for until that has settled', async () => {
    const slow = await paidSystem(system, 'lookup', { settlesMs: 30_000 })
    const { paid, submit } = slow
    const { opened, open } = gate()
    paid.behave(() => ({ takesAfter: opened }))
    expect((await impatient(slow)).totals).toMatchObject({ failed: 8 })
    expect(paid.bill.charges).toBe(0)

    const again = submit()
    open()

    expect((await again).totals).toMatchObject({ created: 8 })
    expect(paid.bill).toMatchObject({ calls: 8, charges: 8 })
  })
})
