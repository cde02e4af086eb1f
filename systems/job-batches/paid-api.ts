import { randomUUID } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { listen } from '../listen.ts'
import { type Offer, submission } from './submission-api.ts'

/** What the API does with one submission; by default it takes it and answers at once. */
export interface Conduct {
  /**
   * `refuses`: 422, nothing is taken. `unavailable`: 503, nothing is taken. `breaks`: 500, although
   * the submission was taken and paid.
   */
  readonly fault?: 'refuses' | 'unavailable' | 'breaks'
  /** Takes it, for money, only then. */
  readonly takesAfter?: Promise<unknown>
  /** Answers only then, which may be after the caller has gone. */
  readonly answersAfter?: Promise<unknown>
}

/** What the API was asked, and what it charges for. */
export interface Bill {
  /** Submissions that reached it, repeated ones included. */
  readonly calls: number
  /** Submissions that it took: each is paid. */
  readonly charges: number
  /** Times that it was asked about a submission. */
  readonly lookups: number
  /** Charges by the reference of the job. */
  readonly perJob: Readonly<Record<string, number>>
}

/** The paid API, listening. */
export interface PaidApi {
  readonly url: string
  readonly offers: Offer
  readonly bill: Bill
  /** From now on, decides what becomes of each submission by its reference. */
  behave(conduct: (reference: string) => Conduct): void
  /** Resolves when so many submissions have been charged in all. */
  charged(count: number): Promise<void>
  close(): Promise<void>
}

interface Taken {
  readonly id: string
  readonly reference: string
}

/** The books of the API: what it took, from whom, and who waits for the next charge. */
class Books {
  readonly #taken: Taken[] = []
  readonly #byKey = new Map<string, Taken>()
  readonly #waiting = new Set<{ readonly count: number; readonly resolve: () => void }>()
  calls = 0
  lookups = 0

  /** Takes a submission and charges for it, or finds what was taken under its key. */
  take(reference: string, key: string | undefined): Taken {
    const before = key === undefined ? undefined : this.#byKey.get(key)
    if (before) return before
    const taken = { id: `sub_${randomUUID()}`, reference }
    this.#taken.push(taken)
    if (key !== undefined) this.#byKey.set(key, taken)
    for (const waiter of this.#waiting) if (this.#taken.length >= waiter.count) waiter.resolve()
    return taken
  }

  find(reference: string): Taken[] {
    this.lookups++
    return this.#taken.filter((taken) => taken.reference === reference)
  }

  bill(): Bill {
    const perJob: Record<string, number> = {}
    for (const { reference } of this.#taken) perJob[reference] = (perJob[reference] ?? 0) + 1
    return { calls: this.calls, charges: this.#taken.length, lookups: this.lookups, perJob }
  }

  async charged(count: number): Promise<void> {
    if (this.#taken.length >= count) return
    await new Promise<void>((resolve) => this.#waiting.add({ count, resolve }))
  }
}

/**
 * Plays the paid API on a free port of 127.0.0.1: `POST /v1/jobs` takes a submission and charges
 * for it. With `keys`, a repeated `idempotency-key` gets the first answer and no second charge;
 * with `lookup`, `GET /v1/jobs?reference=…` lists what was taken; with `neither`, a lost answer
 * stays lost.
 */
export async function openPaidApi(offers: Offer): Promise<PaidApi> {
  const books = new Books()
  let conduct: (reference: string) => Conduct = () => ({})
  const app = new Hono()
  app.post('/v1/jobs', async (context) => {
    books.calls++
    const { reference } = submission.parse(await context.req.json())
    const { fault, takesAfter, answersAfter } = conduct(reference)
    if (fault === 'refuses') return refusal(context, 422, 'The item is not known here.')
    if (fault === 'unavailable') return refusal(context, 503, 'Nothing is taken now.')
    await takesAfter
    const key = offers === 'keys' ? context.req.header('idempotency-key') : undefined
    const taken = books.take(reference, key)
    await answersAfter
    if (fault === 'breaks') return refusal(context, 500, 'Something went wrong.')
    return context.json(taken, 201)
  })
  if (offers === 'lookup') {
    app.get('/v1/jobs', (context) => {
      const reference = z.string().parse(context.req.query('reference'))
      return context.json({ jobs: books.find(reference) })
    })
  }
  const { url, close } = await listen(app)
  return {
    url,
    offers,
    get bill() {
      return books.bill()
    },
    behave: (next) => {
      conduct = next
    },
    charged: (count) => books.charged(count),
    close,
  }
}

const refusal = (context: Context, status: 422 | 500 | 503, error: string): Response =>
  context.json({ error }, status)
