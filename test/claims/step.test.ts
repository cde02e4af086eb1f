import { connect } from 'node:net'
import { type Claim, OnceoverError, type StepOptions } from 'onceover'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openWorkshop, signalled, unit, until, visiting, type Workshop } from '../runs/workshop.ts'

let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop()
})
afterAll(() => shop.close())
beforeEach(() => shop.empty())

/** A provider whose answers a test decides on, and the idempotency keys of its calls. */
function provider() {
  const calls: string[] = []
  const asked: string[] = []
  let answer: () => unknown = () => ({ paid: true })
  return {
    calls,
    asked,
    answers: (next: () => unknown) => {
      answer = next
    },
    pay: async ({ idempotencyKey }: { idempotencyKey: string }) => {
      calls.push(idempotencyKey)
      return answer()
    },
    ask:
      (found: unknown): NonNullable<StepOptions<unknown>['ask']> =>
      ({ idempotencyKey }) => {
        asked.push(idempotencyKey)
        return found
      },
  }
}

const steps = () =>
  shop.rows<{ name: string; state: string; calls: number; reused: number; asked: number }>(
    'SELECT name, state, calls, reused, asked FROM onceover.step ORDER BY generation, name',
  )

const failing = (error: unknown) => () => {
  throw error
}

/** Work that makes what `make` says, whose save fails in its first attempt. */
const failsFirst = (make: (claim: Claim) => unknown) =>
  visiting<unknown, unknown>({
    make: (_, claim) => make(claim),
    save: async (tx, { unit: { key }, made, claim: { attempt } }) => {
      if (attempt === 1) throw new Error('the first attempt')
      await tx.query('INSERT INTO visits (visitor, day, note) VALUES ($1, $2, $3)', [
        key.visitor,
        key.day,
        JSON.stringify(made),
      ])
    },
  })

describe('an answer', () => {
  test('is reused by every later attempt', async () => {
    const { pay, calls } = provider()
    const work = failsFirst((claim) => claim.step('pay', pay))
    const { made, avoided } = shop.once.counters.steps
    const first = await shop.once.runOne(work, unit(1))
    expect(first.verdict).toBe('failed')
    expect((await shop.once.runOne(work, unit(1))).verdict).toBe('created')
    expect(calls).toHaveLength(1)
    expect(await shop.rows('SELECT note FROM visits')).toEqual([{ note: '{"paid":true}' }])
    expect(shop.once.counters.steps).toMatchObject({ made: made + 1, avoided: avoided + 1 })
    expect((await shop.once.status(first.run)).steps).toEqual({
      calls: 1,
      reused: 1,
      asked: 0,
      needsReconcile: 0,
    })
  })

  test('is handed out as JSON, of the first call as of a later one', async () => {
    const answers: unknown[] = []
    const make = async (claim: Claim) => {
      answers.push(await claim.step('when', () => ({ at: 1, gone: undefined })))
    }
    const work = failsFirst(make)
    await shop.once.runOne(work, unit(1))
    await shop.once.runOne(work, unit(1))
    expect(answers).toEqual([{ at: 1 }, { at: 1 }])
    expect(Object.keys(Object(answers[0]))).toEqual(['at'])
  })

  test('may be nothing: the call was made all the same', async () => {
    const { pay, calls, answers } = provider()
    answers(() => undefined)
    const work = failsFirst((claim) => claim.step('pay', pay))
    await shop.once.runOne(work, unit(1))
    expect((await shop.once.runOne(work, unit(1))).verdict).toBe('created')
    expect(calls).toHaveLength(1)
  })

  test.each([
    ['a Date', () => new Date(0)],
    ['a Response', () => new Response('{}')],
    ['a bigint', () => ({ id: 1n })],
  ])('that is %s is refused, because it would not come back', async (_, answer) => {
    const work = visiting({ make: (_, claim) => claim.step('pay', answer as () => unknown) })
    expect((await shop.once.runOne(work, unit(1))).code).toBe('STEP_INVALID')
  })

  test('that JSON cannot hold fails the attempt, and the call is not made again', async () => {
    const { pay, calls, answers } = provider()
    answers(() => ({ amount: Number.NaN }))
    const work = failsFirst((claim) => claim.step('pay', pay))
    expect((await shop.once.runOne(work, unit(1))).code).toBe('STEP_INVALID')
    expect((await shop.once.runOne(work, unit(1))).code).toBe('STEP_NEEDS_RECONCILE')
    expect(calls).toHaveLength(1)
  })

  test('that comes after the claim was lost is kept for whoever has it now', async () => {
    const called = signalled()
    const answer = signalled<string>()
    const recorded = signalled<unknown>()
    const work = visiting({
      make: async (_, claim) => {
        const paid = claim.step('pay', () => {
          called.resolve()
          return answer.promise
        })
        paid.then(recorded.resolve, recorded.resolve)
        return paid
      },
    })
    const weak = await shop.other({ worker: 'weak', lease: '1s', heartbeat: '50ms' })
    const running = weak.runOne(work, unit(1))
    await called.promise
    await shop.rows(`UPDATE onceover.lease SET dead = true WHERE worker = 'weak'`)
    expect((await running).code).toBe('LEASE_LOST')
    answer.resolve('paid late')
    await recorded.promise
    expect(await shop.once.runOne(work, unit(1))).toMatchObject({ verdict: 'created', attempt: 2 })
    expect(await steps()).toMatchObject([{ state: 'answered', calls: 1, reused: 1 }])
  })
})

test('an answer that comes after the unit was taken over is kept, and no more', async () => {
  const calls: bigint[] = []
  const late = signalled<string>()
  const called = signalled()
  const heard = signalled<unknown>()
  const work = visiting({
    make: async (_, claim) => {
      const paid = claim.step('pay', () => {
        calls.push(claim.fence)
        called.resolve()
        return late.promise
      })
      paid.catch((error) => claim.fence === 1n && heard.resolve(error))
      return paid
    },
  })
  const weak = await shop.other({ worker: 'slow', lease: '1s', heartbeat: '50ms' })
  const running = weak.runOne(work, unit(1))
  await called.promise
  await shop.rows(`UPDATE onceover.lease SET dead = true WHERE worker = 'slow'`)
  await running
  expect((await shop.once.runOne(work, unit(1))).code).toBe('STEP_NEEDS_RECONCILE')
  late.resolve('paid')
  expect(await heard.promise).toMatchObject({ code: 'CLAIM_LOST' })
  expect(await steps()).toMatchObject([{ state: 'answered', calls: 1 }])
  expect((await shop.once.retry(work)).totals).toMatchObject({ created: 1 })
  expect(calls).toEqual([1n])
})

describe('a call whose answer was lost', () => {
  test('is asked for, and its answer is kept', async () => {
    const { pay, ask, answers, calls, asked } = provider()
    answers(failing(new Error('the line went dead')))
    const work = failsFirst((claim) => claim.step('pay', pay, { ask: ask({ found: 1 }) }))
    const { run } = await shop.once.runOne(work, unit(1))
    expect((await shop.once.runOne(work, unit(1))).verdict).toBe('created')
    expect(calls).toEqual(asked)
    expect(await shop.rows('SELECT note FROM visits')).toEqual([{ note: '{"found":1}' }])
    expect((await shop.once.status(run)).steps).toMatchObject({ calls: 1, asked: 1 })
  })

  test('is made again under the same key where the provider does not know it', async () => {
    const { pay, ask, answers, calls } = provider()
    answers(failing(new Error('the line went dead')))
    const work = failsFirst((claim) => claim.step('pay', pay, { ask: ask(undefined) }))
    await shop.once.runOne(work, unit(1))
    answers(() => 'paid')
    expect((await shop.once.runOne(work, unit(1))).verdict).toBe('created')
    expect(calls).toHaveLength(2)
    expect(new Set(calls).size).toBe(1)
    expect(await steps()).toMatchObject([{ state: 'answered', calls: 2, asked: 1 }])
  })

  test('is asked for in the same attempt too, never made blindly', async () => {
    const { pay, ask, answers, calls } = provider()
    answers(failing(new Error('the line went dead')))
    const work = visiting({
      make: async (_, claim) => {
        await claim.step('pay', pay).catch(() => undefined)
        return claim.step('pay', pay, { ask: ask('found') })
      },
    })
    expect((await shop.once.runOne(work, unit(1))).verdict).toBe('created')
    expect(calls).toHaveLength(1)
  })

  test('parks its unit where nobody can be asked, until a person answered', async () => {
    const { pay, answers, calls } = provider()
    answers(failing(new Error('the line went dead')))
    const work = failsFirst((claim) => claim.step('pay', pay))
    const { run } = await shop.once.runOne(work, unit(1))
    const parked = await shop.once.runOne(work, unit(1))
    expect(parked).toMatchObject({ verdict: 'failed', code: 'STEP_NEEDS_RECONCILE', attempt: 2 })
    expect(parked.retryMs).toBeUndefined()
    expect(await shop.once.runOne(work, unit(1))).toMatchObject({ code: 'ATTEMPTS_EXHAUSTED' })
    expect((await shop.once.retry(work)).totals).toMatchObject({ failed: 1 })
    expect(calls).toHaveLength(1)
    expect((await shop.once.status(run)).steps.needsReconcile).toBe(1)

    await shop.once.resolveStep(work, unit(1).key, 'pay', { answer: 'looked up' })
    await shop.once.runOne(work, unit(1))
    expect(await shop.once.runOne(work, unit(1))).toMatchObject({ verdict: 'created' })
    expect(calls).toHaveLength(1)
    expect(await shop.rows('SELECT note FROM visits')).toEqual([{ note: '"looked up"' }])
  })

  test('is made again once a person said that it never was', async () => {
    const { pay, answers, calls } = provider()
    answers(failing(new Error('the line went dead')))
    const work = visiting({ attempts: 9, make: (_, claim) => claim.step('pay', pay) })
    await shop.once.runOne(work, unit(1))
    await shop.once.runOne(work, unit(1))
    await shop.once.resolveStep(work, unit(1).key, 'pay', { again: true })
    answers(() => 'paid')
    expect((await shop.once.runOne(work, unit(1))).verdict).toBe('created')
    expect(calls).toHaveLength(2)
    expect(new Set(calls).size).toBe(1)
  })

  test.each([
    ['a step that is unknown', { visitor: 1, day: '2025-01-01' }, 'other', { again: true }],
    ['an answer that is none', { visitor: 1, day: '2025-01-01' }, 'pay', { answer: undefined }],
    ['a unit that is unknown', { visitor: 2, day: '2025-01-01' }, 'pay', { again: true }],
    ['a key that is none', { visitor: 'x', day: '2025-01-01' }, 'pay', { again: true }],
  ] as const)('is not resolved by %s', async (_, key, step, resolution) => {
    const { pay, answers } = provider()
    answers(failing(new Error('the line went dead')))
    const work = visiting({ make: (_, claim) => claim.step('pay', pay) })
    await shop.once.runOne(work, unit(1))
    const code = key.visitor === 'x' ? 'UNIT_INVALID' : 'STEP_INVALID'
    await expect(
      shop.once.resolveStep(work, key as never, step, resolution as never),
    ).rejects.toMatchObject({ code })
    expect(await steps()).toMatchObject([{ state: 'asked' }])
  })
})

test.each([
  ['at once', (begin: () => Promise<unknown>) => Promise.all([begin(), begin()])],
  ['one after the other', async (begin: () => Promise<unknown>) => [await begin(), await begin()]],
])('a name that is used twice in one attempt, %s, makes one call', async (_, both) => {
  const { pay, calls } = provider()
  const work = visiting({ make: (_, claim) => both(() => claim.step('pay', pay)) })
  expect((await shop.once.runOne(work, unit(1))).code).toBe('STEP_INVALID')
  await until(async () => (await steps())[0]?.state === 'answered')
  expect(calls).toHaveLength(1)
})

test('a step that nobody awaits fails its unit, and ends no process', async () => {
  const unheard: unknown[] = []
  const hear = (error: unknown) => unheard.push(error)
  process.on('unhandledRejection', hear)
  const work = visiting({
    make: (_, claim) => {
      void claim.step('pay', failing(new Error('nobody hears')))
      void claim.step('', () => 1)
    },
  })
  expect(await shop.once.runOne(work, unit(1))).toMatchObject({
    verdict: 'failed',
    code: 'STEP_INVALID',
    reason: 'The step pay still ran when make returned.',
  })
  await new Promise((resolve) => setTimeout(resolve, 50))
  process.off('unhandledRejection', hear)
  expect(unheard).toEqual([])
})

describe('a call that was certainly never made', () => {
  const notMade = () => new OnceoverError('STEP_NOT_MADE', { message: 'no credit left' })

  test('is made by the next attempt, under the same key', async () => {
    const { pay, answers, calls } = provider()
    answers(failing(notMade()))
    const work = visiting({ make: (_, claim) => claim.step('pay', pay) })
    expect((await shop.once.runOne(work, unit(1))).code).toBe('STEP_NOT_MADE')
    expect(await steps()).toMatchObject([{ state: 'withdrawn', calls: 0 }])
    answers(() => 'paid')
    expect((await shop.once.runOne(work, unit(1))).verdict).toBe('created')
    expect(new Set(calls).size).toBe(1)
    expect(await steps()).toMatchObject([{ state: 'answered', calls: 1 }])
  })

  test('may be made again in the same attempt', async () => {
    const { pay, answers, calls } = provider()
    answers(failing(notMade()))
    const work = visiting({
      make: async (_, claim) => {
        await claim.step('pay', pay).catch(() => answers(() => 'paid'))
        return claim.step('pay', pay)
      },
    })
    expect((await shop.once.runOne(work, unit(1))).verdict).toBe('created')
    expect(calls).toHaveLength(2)
  })

  test('is one whose connection was refused, however deep the error says so', async () => {
    const refused = () =>
      new Promise<never>((_, reject) => {
        const socket = connect({ port: 1, host: '127.0.0.1' })
        socket.on('error', (cause) => reject(new TypeError('fetch failed', { cause })))
      })
    const work = visiting({ make: (_, claim) => claim.step('pay', refused) })
    expect((await shop.once.runOne(work, unit(1))).reason).toBe('fetch failed')
    expect(await steps()).toMatchObject([{ state: 'withdrawn', calls: 0 }])
  })
})

test('what is made anew calls anew: a replaced unit has steps of its own', async () => {
  const { pay, calls } = provider()
  const work = visiting({ make: (_, claim) => claim.step('pay', pay) })
  await shop.once.runOne(work, unit(1))
  const again = await shop.once.runOne(work, unit(1), { onDuplicate: 'replace' })
  expect(again.verdict).toBe('replaced')
  expect(new Set(calls).size).toBe(2)
  expect(await steps()).toHaveLength(2)
})

test('a cancelled unit keeps its steps: its calls may have been made', async () => {
  const { pay, calls } = provider()
  const paid = signalled<string>()
  const work = visiting({
    make: async (_, claim) => {
      await claim.step('pay', pay)
      paid.resolve(claim.run)
      if (calls.length === 1 && claim.fence === 1n) await new Promise(() => undefined)
    },
  })
  const running = shop.once.runOne(work, unit(1))
  await shop.once.cancel(await paid.promise)
  expect((await running).verdict).toBe('cancelled')
  expect(await shop.once.runOne(work, unit(1))).toMatchObject({ verdict: 'created', attempt: 1 })
  expect(calls).toHaveLength(1)
})

test.each([
  ['no name', (claim: Claim) => claim.step('  ', () => 1)],
  ['a name that is no text', (claim: Claim) => claim.step(7 as never, () => 1)],
  ['no function', (claim: Claim) => claim.step('pay', undefined as never)],
])('a step with %s is refused', async (_, make) => {
  const work = visiting({ make: (_, claim) => make(claim) })
  expect((await shop.once.runOne(work, unit(1))).code).toBe('STEP_INVALID')
  expect(await steps()).toEqual([])
})
