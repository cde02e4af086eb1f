import {
  type AnyGenerator,
  type Claim,
  type GeneratorOptions,
  generator,
  guard,
  int,
  type Onceover,
  sql,
  text,
} from 'onceover'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'

const lessons = guard('lessons', { table: 'lessons', key: { student: int(), topic: text() } })

const save = () => undefined

describe('a declaration that is wrong names every fault', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [undefined, 'the options are not an object'],
    [{}, 'it needs save or saveAll, not both'],
    [{ save, saveAll: save }, 'it needs save or saveAll, not both'],
    [{ save: 'x' }, 'save is not a function'],
    [{ save, make: 7 }, 'make is not a function'],
    [{ save, expected: sql`SELECT 1` }, 'expected is not a function'],
    [{ save, input: {} }, 'input is no Standard Schema'],
    [{ save, range: 'days' }, 'range is not a function'],
    [{ save, attempts: 0 }, 'attempts is not a whole number'],
    [{ save, timeout: 'long' }, 'timeout is no length of time'],
    [{ save, backoff: 5 }, 'backoff is no length of time'],
    [{ save, retries: 3 }, 'there is no option retries'],
  ]
  test.each(cases)('%j', (options, words) => {
    const declare = () => generator(lessons, options as GeneratorOptions<typeof lessons, 1, 1, 1>)
    expect(declare).toThrow(words)
    expect(declare).toThrow(expect.objectContaining({ code: 'GENERATOR_INVALID' }))
  })

  test('all at once', () => {
    const declare = () => generator(lessons, { saev: save, attempts: -1 } as never)
    expect(declare).toThrow(/no option saev.*save or saveAll.*attempts/)
  })

  test('and a guard that is none', () => {
    expect(() => generator({} as never, { save })).toThrow('the guard was not made by guard()')
  })
})

test('what was not made by generator() is refused by every method', async () => {
  const { onceover } = await import('onceover')
  const once = await onceover({ db: 'postgres://nobody@localhost:1/none' })
  const none = { guard: lessons } as never
  const refused = { code: 'GENERATOR_INVALID' }
  await expect(once.run(none, [])).rejects.toMatchObject(refused)
  await expect(once.runOne(none, {} as never)).rejects.toMatchObject(refused)
  await expect(once.resume(none, 'x')).rejects.toMatchObject(refused)
  await expect(once.retry(none)).rejects.toMatchObject(refused)
  await once.close()
})

test('the input, what is made and the claim have their types in make and in save', () => {
  generator(lessons, {
    input: z.object({ level: z.enum(['A1', 'B2']), minutes: z.number().default(30) }),
    expected: (range: { readonly from: string }) => {
      expectTypeOf(range.from).toBeString()
      return sql`SELECT 1`
    },
    fingerprint: async (units) => {
      expectTypeOf(units[0]?.input).toEqualTypeOf<
        { level: 'A1' | 'B2'; minutes: number } | undefined
      >()
      return units.map(({ key }) => key.topic)
    },
    make: async ({ key, input }, claim) => {
      expectTypeOf(key.student).toEqualTypeOf<number | bigint>()
      expectTypeOf(key.topic).toBeString()
      expectTypeOf(input.level).toEqualTypeOf<'A1' | 'B2'>()
      expectTypeOf(claim).toEqualTypeOf<Claim>()
      const paid = await claim.step('pay', async ({ idempotencyKey }) => ({ idempotencyKey }))
      expectTypeOf(paid).toEqualTypeOf<{ idempotencyKey: string }>()
      return { words: 7, paid }
    },
    save: (tx, { unit, made, claim }) => {
      expectTypeOf(made).toEqualTypeOf<{ words: number; paid: { idempotencyKey: string } }>()
      expectTypeOf(unit.input.minutes).toBeNumber()
      expectTypeOf(claim.fence).toEqualTypeOf<bigint>()
      expectTypeOf(tx.query).toBeFunction()
    },
  })
})

test('one of any types can stand where any generator is wanted, as in a list of them', () => {
  const typed = generator(lessons, {
    input: z.object({ minutes: z.number() }),
    expected: ({ month }: { readonly month: string }) => sql`SELECT ${month}`,
    range: ({ from }) => ({ month: from }),
    fingerprint: async (units) => units.map(({ key }) => key.topic),
    make: ({ input }) => input.minutes,
    save: (_, { made }) => made,
  })
  const all: readonly AnyGenerator[] = [typed]
  expect(all[0]?.guard).toBe(lessons)
})

test('saveAll has the items of make, and without make nothing is made', () => {
  generator(lessons, {
    make: () => 'text' as const,
    saveAll: (_, items) => {
      expectTypeOf(items[0]?.made).toEqualTypeOf<'text' | undefined>()
    },
  })
  generator(lessons, {
    save: (_, { made }) => {
      expectTypeOf(made).toEqualTypeOf<undefined>()
    },
  })
})

test('a run takes units of the guard and the input, or a range, and the compiler says so', () => {
  const work = generator(lessons, {
    input: z.object({ level: z.string() }),
    expected: (range: { readonly from: string }) => sql`SELECT ${range.from}`,
    make: () => 1,
    save,
  })
  const free = generator(lessons, { save })
  const key = { student: 1, topic: 'x' }
  const run = (once: Onceover) => [
    once.run(work, [{ key, input: { level: 'A1' } }]),
    once.run(work, new Set([{ key, input: { level: 'A1' } }])),
    once.run(work, { from: '2025-01-01' }),
    once.runOne(work, { key, input: { level: 'A1' } }),
    once.run(free, [{ key }]),
    once.runOne(free, { key, input: { anything: 1 } }),
    once.resolveStep(work, key, 'pay', { answer: 1 }),
    // @ts-expect-error the input is missing
    once.runOne(work, { key }),
    // @ts-expect-error a part of the key is missing
    once.runOne(free, { key: { student: 1 } }),
    // @ts-expect-error the input is of another type
    once.runOne(work, { key, input: { level: 1 } }),
    // @ts-expect-error a resolution is an answer, or again
    once.resolveStep(work, key, 'pay', {}),
  ]
  expectTypeOf(run).toBeFunction()
  const verdicts = async (once: Onceover) => (await once.run(work, [])).verdicts[0]?.key
  expectTypeOf<NonNullable<Awaited<ReturnType<typeof verdicts>>>>().toHaveProperty('topic')
})
